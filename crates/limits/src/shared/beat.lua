-- Notes that a worker lives; answers how many do, and for how many microseconds that has been
-- remembered: whoever has not beaten in that time is not counted.
--
-- KEYS  1 workers, 2 epoch, 3 broken, 4 which run of Redis that was, and since when
-- ARGV  1 the worker, 2 after how many microseconds without a beat it is counted no more
--       3 '1': messages may have gone of which nothing is known here

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local function text(number) return string.format('%.0f', number) end
-- What a Redis that begins again reads from its disk may be old.
local run = redis.call('INFO', 'server'):match('run_id:(%w+)') or ''
local known = redis.call('HMGET', KEYS[4], 'run', 'since')
local since = tonumber(known[2] or '0')
if ARGV[3] == '1' or (known[1] and known[1] ~= run) then
  redis.call('SET', KEYS[3], text(now), 'PX', 600000)
end
if known[1] ~= run then
  since = now
  redis.call('HSET', KEYS[4], 'run', run, 'since', text(now))
end
redis.call('ZADD', KEYS[1], text(now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now - tonumber(ARGV[2])))
redis.call('PEXPIRE', KEYS[1], 600000)
redis.call('SET', KEYS[2], text(now), 'NX')
redis.call('PEXPIRE', KEYS[2], 600000)
return {redis.call('ZCARD', KEYS[1]), math.max(now - since, 0)}
