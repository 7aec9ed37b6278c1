-- Puts the set of people whom a portfolio reaches in the place of the one that was not complete.
--
-- KEYS  1 the set, 2 the new one, 3 who is completing it, 4 how many were sent away
--       5 people of whom nobody knows whether they are about to be reached: if they have a place in
--         the set they keep it
-- ARGV  1 what the caller was given to show, 2 for how many microseconds one counts
-- Answers 1; 0 when somebody else is completing it by now, and nothing has changed.

local BEHIND = 4000000000000000
local function text(number) return string.format('%.0f', number) end
local begun, day = tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('GET', KEYS[3]) ~= ARGV[1] then
  redis.call('DEL', KEYS[2], KEYS[5])
  return 0
end
-- Places that were taken since the rows were read.
local young = redis.call('ZRANGEBYSCORE', KEYS[1], text(begun + day), '(' .. text(BEHIND), 'WITHSCORES')
for nth = 1, #young, 2 do redis.call('ZADD', KEYS[2], 'GT', young[nth + 1], young[nth]) end
for _, person in ipairs(redis.call('ZRANGE', KEYS[5], 0, -1)) do
  local until_then = redis.call('ZSCORE', KEYS[1], person)
  if until_then then redis.call('ZADD', KEYS[2], 'GT', until_then, person) end
end
redis.call('ZADD', KEYS[2], text(begun + BEHIND), 'ready')
redis.call('RENAME', KEYS[2], KEYS[1])
redis.call('PEXPIRE', KEYS[1], math.ceil(day / 1000))
redis.call('DEL', KEYS[3], KEYS[4], KEYS[5])
return 1
