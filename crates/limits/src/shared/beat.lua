-- Notes that a worker lives; answers how many do.
--
-- KEYS  1 workers, 2 epoch, 3 broken, 4 which run of Redis that was
-- ARGV  1 the worker, 2 after how many microseconds without a beat it is counted no more

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function text(number) return string.format('%.0f', number) end
-- What a Redis that begins again reads from its disk may be old.
local run = redis.call('INFO', 'server'):match('run_id:(%w+)') or ''
local known = redis.call('GET', KEYS[4])
if known and known ~= run then redis.call('SET', KEYS[3], text(now), 'PX', 600000) end
redis.call('SET', KEYS[4], run)
redis.call('ZADD', KEYS[1], text(now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now - tonumber(ARGV[2])))
redis.call('PEXPIRE', KEYS[1], 600000)
redis.call('SET', KEYS[2], text(now), 'NX')
redis.call('PEXPIRE', KEYS[2], 600000)
return redis.call('ZCARD', KEYS[1])
