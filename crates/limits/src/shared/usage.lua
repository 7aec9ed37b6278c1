-- Notes what Meta has said of management calls.
--
-- KEYS  1 app, 2 account; nothing: it was a call of the app alone
-- ARGV  1 how much the app has used, percent, or nothing, 2 microseconds for which it is closed
--       3 and 4 the same of the account
--       5 '1': a number of the account is registered, '0': none is, or nothing

local KEPT = 48 * 60 * 60 * 1000

local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function note(key, percent, closed_for)
  if percent ~= '' then
    -- The calls before are in it.
    redis.call('HSET', key, 'percent', percent, 'told_at', text(now), 'untold', '0')
  end
  if tonumber(closed_for) > 0 then
    -- An answer that was under way longer does not open what a later one has closed.
    local closed = tonumber(redis.call('HGET', key, 'closed') or '0')
    redis.call('HSET', key, 'closed', text(math.max(closed, now + tonumber(closed_for))))
  end
  redis.call('PEXPIRE', key, KEPT)
end

note(KEYS[1], ARGV[1], ARGV[2])
if KEYS[2] ~= '' then
  if ARGV[5] ~= '' then redis.call('HSET', KEYS[2], 'active', ARGV[5]) end
  note(KEYS[2], ARGV[3], ARGV[4])
end
return 0
