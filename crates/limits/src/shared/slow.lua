-- Halves a number's rate, once for all answers of Meta's to the same excess.
--
-- KEYS  1 number
-- ARGV  1 microseconds within which answers are about the same excess, 2 the most halvings

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local number = redis.call('HMGET', KEYS[1], 'halvings', 'changed')
local halvings, changed = tonumber(number[1] or '0'), tonumber(number[2] or '0')
if halvings == 0 or now >= changed + tonumber(ARGV[1]) then
  halvings = math.min(halvings + 1, tonumber(ARGV[2]))
  redis.call('HSET', KEYS[1], 'halvings', halvings, 'changed', string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], 600000)
end
return halvings
