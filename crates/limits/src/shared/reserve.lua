-- Reserves a number's next slot and a place of its pair, both or neither.
--
-- KEYS  1 number, 2 pair, 3 epoch, 4 broken
-- ARGV  1 microseconds between two slots, at the number's full rate
--       2 how far ahead slots are given, microseconds
--       3 microseconds in which a pair earns a message, 4 messages that a pair may send at once
--       5 the epoch that the caller knows, or nothing; 6 '1': it has sent without asking here
-- Answers what was decided (0 go, 1 number, 2 pair), microseconds to wait, and the epoch.
-- A caller that wants a slot alone, for a pair that it has reserved already, gives 0 for 4.

local RECOVERY = 30 * 1000000

local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

-- The epoch begins when nothing is remembered here, and lasts while any worker beats. A caller that knows another one tells of a flush.
local epoch = redis.call('GET', KEYS[3])
if not epoch then
  epoch = text(now)
  redis.call('SET', KEYS[3], epoch, 'PX', 600000)
end
local forgot = ARGV[5] ~= '' and ARGV[5] ~= epoch
if forgot or ARGV[6] == '1' then
  redis.call('SET', KEYS[4], text(now), 'PX', 600000)
end
-- When slots were given, or messages sent, of which nothing is known here.
local broken = tonumber(redis.call('GET', KEYS[4]) or '0')

local ahead = tonumber(ARGV[2])
local earns = tonumber(ARGV[3])
local burst = tonumber(ARGV[4])

local pair
if burst > 0 then
  pair = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), now)
  if broken > 0 then pair = math.max(pair, broken + burst * earns) end
  local wait = pair - (burst - 1) * earns - now
  if wait > 0 then return {2, wait, epoch} end
end

local number = redis.call('HMGET', KEYS[1], 'next', 'halvings', 'changed')
local slot = math.max(tonumber(number[1] or '0'), now)
if broken > 0 then slot = math.max(slot, broken + ahead) end
if slot - now > ahead then return {1, slot - now, epoch} end

local halvings, changed = tonumber(number[2] or '0'), tonumber(number[3] or '0')
while halvings > 0 and now >= changed + RECOVERY do
  halvings = halvings - 1
  changed = changed + RECOVERY
end
local interval = tonumber(ARGV[1]) * 2 ^ halvings
redis.call('HSET', KEYS[1], 'next', text(slot + interval), 'halvings', halvings, 'changed', text(changed))
redis.call('PEXPIRE', KEYS[1], 600000 + math.ceil(interval / 1000))
if pair then
  redis.call('SET', KEYS[2], text(pair + earns), 'PX', math.ceil((pair + earns - now) / 1000) + 1000)
end
return {0, slot - now, epoch}
