"""The scripts that write. Everything that must not be seen half done, or go backwards, happens in one of them.

KEYS of the two that write records: meta, log, tombstones, the hash of profiles (of the epoch in force; of the new one),
and for an epoch the hash that is replaced. Sequences stay text, since Lua would write a large one as 1.7e+12.
"""

from typing import Final

_LOG: Final = """
local function last_entry(log)
  local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)
  return newest[1] and newest[1][1] or '0-0'
end
"""

# ARGV: epoch; writer; the sequence that meta has to show, or '' for any; now (ms); how long a tombstone stays (ms);
# how long the log is; then for each change: profile id, sequence, record.
# Answers {'written', how many, the sequence that meta showed before} or {'refused', why}; a change that is not newer
# than what is held counts as not written.
WRITE_CHANGES: Final = (
    _LOG
    + r"""
local meta, log, tombstones, profiles = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local held = redis.call('HMGET', meta, 'epoch', 'writer', 'sequence')
if held[1] ~= ARGV[1] then return {'refused', 'epoch'} end
if held[2] ~= ARGV[2] then return {'refused', 'writer'} end
if ARGV[3] ~= '' and held[3] ~= ARGV[3] then return {'refused', 'sequence'} end

local function is_deletion(record) return string.sub(record, -5) == ' null' end

local before = last_entry(log)
local highest, written, count, deleted = held[3], 0, 0, 0
for i = 7, #ARGV, 3 do
  local id, sequence, record = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local old = redis.call('HGET', profiles, id)
  local old_sequence = old and string.match(old, '^authz1 %x+ (%d+) ')
  if not old_sequence or tonumber(sequence) > tonumber(old_sequence) then
    if old then
      if is_deletion(old) then deleted = deleted - 1 else count = count - 1 end
    end
    if is_deletion(record) then
      deleted = deleted + 1
      redis.call('ZADD', tombstones, ARGV[4], id)
    else
      count = count + 1
      redis.call('ZREM', tombstones, id)
    end
    redis.call('HSET', profiles, id, record)
    before = redis.call('XADD', log, 'MAXLEN', '~', ARGV[6], '*', 'before', before, 'profile', id, 'record', record)
    if tonumber(sequence) > tonumber(highest) then highest = sequence end
    written = written + 1
  end
end

local long_gone = redis.call('ZRANGEBYSCORE', tombstones, '-inf', ARGV[4] - ARGV[5], 'LIMIT', 0, 100)
for _, id in ipairs(long_gone) do
  deleted = deleted - redis.call('HDEL', profiles, id)
  redis.call('ZREM', tombstones, id)
end

redis.call('HSET', meta, 'sequence', highest)
redis.call('HINCRBY', meta, 'count', count)
redis.call('HINCRBY', meta, 'deleted', deleted)
return {'written', written, held[3]}
"""
)

# ARGV: the epoch and the sequence that meta has to show ('' for none); the new epoch; how long the log is; how many
# fields the new hash has to have; then the fields of the new meta and their values.
# Answers {'written', 0, ''} or {'refused', why}.
BEGIN_EPOCH: Final = (
    _LOG
    + r"""
local meta, log, tombstones, profiles, replaced = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local held = redis.call('HMGET', meta, 'epoch', 'sequence')
if (held[1] or '') ~= ARGV[1] or (held[2] or '') ~= ARGV[2] then return {'refused', 'sequence'} end
if redis.call('HLEN', profiles) ~= tonumber(ARGV[5]) then return {'refused', 'incomplete'} end
redis.call('PERSIST', profiles)
redis.call('DEL', meta, tombstones)
for i = 6, #ARGV, 2 do redis.call('HSET', meta, ARGV[i], ARGV[i + 1]) end
redis.call('XADD', log, 'MAXLEN', '~', ARGV[4], '*', 'before', last_entry(log), 'epoch', ARGV[3])
if replaced ~= profiles then redis.call('UNLINK', replaced) end
return {'written', 0, ''}
"""
)

# KEYS: meta. ARGV: epoch; writer; now (ms). Nothing is made where meta is gone, or somebody else's.
BEAT: Final = r"""
local held = redis.call('HMGET', KEYS[1], 'epoch', 'writer')
if held[1] == ARGV[1] and held[2] == ARGV[2] then redis.call('HSET', KEYS[1], 'heartbeat', ARGV[3]) end
return 0
"""
