-- When a message comes back that does not fit in line: one after the other at the number's rate,
-- whichever worker puts it aside.
--
-- KEYS  1 number
-- ARGV  1 lane, 2 microseconds between two, at the full rate, 3 how far ahead the first one is
-- Answers microseconds to wait.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local field = 'later_' .. ARGV[1]
local number = redis.call('HMGET', KEYS[1], field, 'halvings')
local slot = math.max(tonumber(number[1] or '0'), now + tonumber(ARGV[3]))
local interval = tonumber(ARGV[2]) * 2 ^ tonumber(number[2] or '0')
redis.call('HSET', KEYS[1], field, string.format('%.0f', slot + interval))
redis.call('PEXPIRE', KEYS[1], 600000)
return slot - now
