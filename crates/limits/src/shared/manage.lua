-- Reserves one management call: of an app, and of the app on one of its accounts; both or nothing.
--
-- KEYS  1 since when this remembers, 2 workers, 3 app, 4 account; nothing: for the app alone
-- ARGV  1 the worker, 2 how much of a limit it may use, percent
--       3 calls on the account that it has made without asking here
--       4 calls in an hour on an account, 5 on one with a registered number
--       6 of a limit, percent: what may be used of it as long as nobody knows what was used before
-- Answers what was decided (0 go, 1 app, 2 account), microseconds to wait, and how many workers have
-- asked in the last hour.
--
-- Calls are counted in the minutes in which they were reserved. A minute counts for as long as a call
-- of it may lie within Meta's hour, and one more, for calls that are long under way.

local MINUTE = 60 * 1000000
local MINUTES = 61
-- What Meta told counts for so long: with every call it tells it anew.
local FRESH = 10 * MINUTE
-- Longer than anything here counts, the longest time that Meta may close a limit for included.
local KEPT = 48 * 60 * 60 * 1000

local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local minute = math.floor(now / MINUTE)
local share, fallback = tonumber(ARGV[2]), tonumber(ARGV[6])

-- What a Redis that begins again reads from its disk may be old, too.
local run = redis.call('INFO', 'server'):match('run_id:(%w+)') or ''
local memory = redis.call('HMGET', KEYS[1], 'run', 'since')
local since = tonumber(memory[2] or '0')
if memory[1] ~= run or since == 0 then
  since = now
  redis.call('HSET', KEYS[1], 'run', run, 'since', text(now))
end
redis.call('PEXPIRE', KEYS[1], KEPT)

redis.call('ZADD', KEYS[2], text(now), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(now - MINUTES * MINUTE))
redis.call('PEXPIRE', KEYS[2], KEPT)
local workers = redis.call('ZCARD', KEYS[2])

-- When this caller may make a call on the account; what has passed: now.
local function account()
  local fields = redis.call('HGETALL', KEYS[4])
  local counts, told = {}, {}
  for nth = 1, #fields, 2 do
    local counted = string.match(fields[nth], '^minute:(%d+)$')
    if not counted then
      told[fields[nth]] = tonumber(fields[nth + 1])
    elseif tonumber(counted) < minute - MINUTES then
      redis.call('HDEL', KEYS[4], fields[nth])
    else
      table.insert(counts, {tonumber(counted), tonumber(fields[nth + 1])})
    end
  end
  local unasked = tonumber(ARGV[3])
  if unasked > 0 then
    redis.call('HINCRBY', KEYS[4], 'minute:' .. minute, unasked)
    redis.call('HINCRBY', KEYS[4], 'untold', unasked)
    redis.call('PEXPIRE', KEYS[4], KEPT)
    table.insert(counts, {minute, unasked})
  end
  local untold = (told.untold or 0) + unasked

  local free_at = told.closed or 0
  local limit = tonumber(told.active == 1 and ARGV[5] or ARGV[4])
  local room = math.floor(limit * share / 100)
  if told.percent and told.told_at + FRESH > now then
    -- The most calls that this percentage may stand for.
    local told_calls = math.ceil((told.percent + 1) * limit / 100) - 1
    if told_calls + untold >= room then free_at = math.max(free_at, told.told_at + FRESH) end
  elseif since + MINUTES * MINUTE > now and untold >= math.floor(room * fallback / 100) then
    free_at = math.max(free_at, since + MINUTES * MINUTE)
  end
  local count = 0
  for _, counted in ipairs(counts) do count = count + counted[2] end
  table.sort(counts, function(one, other) return one[1] < other[1] end)
  for _, counted in ipairs(counts) do
    if count < room then break end
    count = count - counted[2]
    free_at = math.max(free_at, (counted[1] + MINUTES + 1) * MINUTE)
  end
  return free_at
end

local app = redis.call('HMGET', KEYS[3], 'closed', 'percent', 'told_at')
local free_at, percent, told_at = tonumber(app[1] or '0'), tonumber(app[2] or '0'), tonumber(app[3] or '0')
if percent >= share and told_at + FRESH > now then free_at = math.max(free_at, told_at + FRESH) end
local account_free_at = KEYS[4] ~= '' and account() or 0
if free_at > now then return {1, free_at - now, workers} end
if account_free_at > now then return {2, account_free_at - now, workers} end
if KEYS[4] ~= '' then
  redis.call('HINCRBY', KEYS[4], 'minute:' .. minute, 1)
  redis.call('HINCRBY', KEYS[4], 'untold', 1)
  redis.call('PEXPIRE', KEYS[4], KEPT)
end
return {0, 0, workers}
