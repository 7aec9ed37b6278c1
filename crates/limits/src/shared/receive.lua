-- Takes what a number has received off what it may send.
--
-- KEYS  1 number
-- ARGV  1 microseconds between two slots, 2 how many messages it received
--       3 how far ahead of now that may count, microseconds

local function text(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local slot = math.max(tonumber(redis.call('HGET', KEYS[1], 'next') or '0'), now)
local most = math.max(slot, now + tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'next', text(math.min(slot + tonumber(ARGV[1]) * tonumber(ARGV[2]), most)))
redis.call('PEXPIRE', KEYS[1], 600000)
return 0
