-- Reserves a number's next slot, a place of its pair, and one in its portfolio's messaging limit: all
-- or nothing.
--
-- KEYS  1 number, 2 pair, 3 epoch, 4 broken
--       5 people whom the portfolio reaches, by when they count no more; those with `?` in front may
--         have a place, which was forgotten here; one member, `ready`, tells since when it is complete
--       6 who is completing it, 7 how many messages it has sent away since it was complete
-- ARGV  1 microseconds between two slots, at the number's full rate
--       2 how far ahead slots are given, microseconds
--       3 microseconds in which a pair earns a message, 4 messages that a pair may send at once
--       5 the epoch that the caller knows, or nothing
--       6 how many people the message's lane may reach; 'all'; or nothing: it needs no place
--       7 the person, 8 for how many microseconds one counts
-- Answers what was decided (0 go, 1 number, 2 pair, 3 complete the set of people first, 4 somebody
-- does, 5 too many people), microseconds to wait (for 3: what to show when it is complete), the
-- epoch, and for 3 since when nothing has been forgotten. A caller that wants a slot alone, having reserved the rest, gives 0 for 4 and nothing for 6.

local RECOVERY = 30 * 1000000
-- The score of `ready` stands behind those of all people.
local BEHIND = 4000000000000000
-- So soon after workers have sent on their own, all of them ask here again.
local SETTLED = 1000000
-- A complete set is completed anew after this time, and sooner when somebody is sent away.
local STALE, STALE_WHEN_FULL, STALE_WHEN_UNSURE = 900 * 1000000, 30 * 1000000, 1000000
-- Whose time here ends sooner may count no more for Meta, and then is somebody new.
local DOUBTFUL = 600 * 1000000
-- Whoever completes it has so long, in milliseconds.
local COMPLETING = 10000

local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

-- The epoch begins when nothing is remembered here, and lasts while any worker beats. A caller that knows another one tells of a flush.
local epoch = redis.call('GET', KEYS[3])
if not epoch then
  epoch = text(now)
  redis.call('SET', KEYS[3], epoch, 'PX', 600000)
end
if ARGV[5] ~= '' and ARGV[5] ~= epoch then
  redis.call('SET', KEYS[4], text(now), 'PX', 600000)
end
-- When slots were given, or messages sent, of which nothing is known here.
local broken = tonumber(redis.call('GET', KEYS[4]) or '0')

local ahead = tonumber(ARGV[2])
local earns = tonumber(ARGV[3])
local burst = tonumber(ARGV[4])

local room, person, day = ARGV[6], ARGV[7], tonumber(ARGV[8])
if room == 'all' then
  -- Nobody is counted, so the set is complete no more.
  redis.call('DEL', KEYS[5])
elseif room ~= '' then
  local from = broken > 0 and broken + SETTLED or 0
  local function complete()
    local is_first = redis.call('SET', KEYS[6], text(now), 'NX', 'PX', COMPLETING)
    return is_first and {3, now, epoch, math.max(from, tonumber(epoch))}
  end
  local since = tonumber(redis.call('ZSCORE', KEYS[5], 'ready') or '0') - BEHIND
  if now < from then return {4, from - now, epoch, 0} end
  if since < math.max(from, 1) then return complete() or {4, 50000, epoch, 0} end
  if now > since + STALE then
    local first = complete()
    if first then return first end
  end
  redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', text(now))
  -- How many others there are, and whether this one surely still counts for Meta too.
  local people = redis.call('ZCARD', KEYS[5]) - 1
  local ends = redis.call('ZSCORE', KEYS[5], person)
  local counts = ends and tonumber(ends) > now + DOUBTFUL
  if ends and not counts then people = people - 1 end
  if redis.call('ZSCORE', KEYS[5], '?' .. person) then people = people - 1 end
  if people >= tonumber(room) and not counts then
    local soonest = redis.call('ZRANGE', KEYS[5], 0, 0)[1]
    local is_unsure = soonest and string.sub(soonest, 1, 1) == '?'
    local first = now > since + (is_unsure and STALE_WHEN_UNSURE or STALE_WHEN_FULL) and complete()
    if first then return first end
    if is_unsure then return {4, STALE_WHEN_UNSURE, epoch, 0} end
    -- Each that is sent away comes back when one more place is free.
    local nth = people - tonumber(room) + redis.call('INCR', KEYS[7]) - 1
    redis.call('PEXPIRE', KEYS[7], math.ceil(day / 1000))
    if people == 0 then return {5, day, epoch, 0} end
    local rank = nth % people
    local free = tonumber(redis.call('ZRANGE', KEYS[5], rank, rank, 'WITHSCORES')[2])
    return {5, free + math.floor(nth / people) * day - now, epoch, 0}
  end
end

local pair
if burst > 0 then
  pair = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), now)
  if broken > 0 then pair = math.max(pair, broken + burst * earns) end
  local wait = pair - (burst - 1) * earns - now
  if wait > 0 then return {2, wait, epoch, 0} end
end

local number = redis.call('HMGET', KEYS[1], 'next', 'halvings', 'changed')
local slot = math.max(tonumber(number[1] or '0'), now)
if broken > 0 then slot = math.max(slot, broken + ahead) end
if slot - now > ahead then return {1, slot - now, epoch, 0} end

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
if room ~= 'all' and room ~= '' then
  redis.call('ZREM', KEYS[5], '?' .. person)
  redis.call('ZADD', KEYS[5], 'GT', text(now + day), person)
  redis.call('PEXPIRE', KEYS[5], math.ceil(day / 1000))
end
return {0, slot - now, epoch, 0}
