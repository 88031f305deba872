-- Content of one Redis database as lines `key type digest`, the same on every version: DUMP is not.
local lines = {}
local cursor = '0'
local function digest(parts) return redis.sha1hex(table.concat(parts, '\0')) end
-- Lua compares strings by the server's locale: compare bytes instead.
local function before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x < y end
  end
  return #a < #b
end
local function sorted(list) table.sort(list, before) return list end
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    local kind = redis.call('TYPE', key).ok
    local value
    if kind == 'string' then value = {redis.call('GET', key)}
    elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
    elseif kind == 'set' then value = sorted(redis.call('SMEMBERS', key))
    elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    elseif kind == 'hash' then
      local all, pairs = redis.call('HGETALL', key), {}
      for i = 1, #all, 2 do pairs[#pairs + 1] = all[i] .. '\1' .. all[i + 1] end
      value = sorted(pairs)
    elseif kind == 'stream' then
      value = {}
      for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do
        value[#value + 1] = entry[1] .. table.concat(entry[2], '\1')
      end
    else value = {} end
    lines[#lines + 1] = key .. ' ' .. kind .. ' ' .. digest(value) .. ' ' .. tostring(redis.call('TTL', key) >= 0)
  end
until cursor == '0'
return sorted(lines)
