# Redis with an append-only file, a password, and keys of every type.
add redis-server
sed -i 's/^appendonly no/appendonly yes/; s/^# requirepass foobared/requirepass redis-secret/
s/^# maxmemory <bytes>/maxmemory 64mb/; s/^# maxmemory-policy .*/maxmemory-policy allkeys-lru/' /etc/redis/redis.conf
printf 'vm.overcommit_memory = 1\nnet.core.somaxconn = 1024\n' > /etc/sysctl.d/60-redis.conf
systemctl restart redis-server
export REDISCLI_AUTH=redis-secret
for _ in $(seq 100); do [ "$(redis-cli ping 2>&1)" = PONG ] && break; sleep 0.1; done
redis-cli >/dev/null <<'END'
SET greeting "grüß dich\x00\xff"
RPUSH queue a b c
HSET user:1 name Anna visits 12
ZADD ranking 1.5 ben 3 anna
SADD tags new sale
PFADD visitors a b c
XADD stream 1-1 k v
SELECT 3
SET other-db yes
END
redis-cli eval "for i = 1, 1000 do redis.call('SET', 'item:' .. i, string.rep('x', i)) end" 0 >/dev/null
