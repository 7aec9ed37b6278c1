-- Notes that a worker lives; answers how many do.
--
-- KEYS  1 workers, 2 epoch
-- ARGV  1 the worker, 2 after how many microseconds without a beat it is counted no more

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function text(number) return string.format('%.0f', number) end
redis.call('ZADD', KEYS[1], text(now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now - tonumber(ARGV[2])))
redis.call('PEXPIRE', KEYS[1], 600000)
redis.call('PEXPIRE', KEYS[2], 600000)
return redis.call('ZCARD', KEYS[1])
