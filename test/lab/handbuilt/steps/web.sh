# nginx, PHP and a certificate somebody signed himself.
add nginx php-fpm php-mysql php-pgsql
PHP=$(ls /etc/php)

rm /etc/nginx/sites-enabled/default
sed -i 's/worker_connections .*/worker_connections 1536;/' /etc/nginx/nginx.conf
sed -i 's/^pm.max_children = .*/pm.max_children = 7/' "/etc/php/$PHP/fpm/pool.d/www.conf"
sed -i 's/^upload_max_filesize = .*/upload_max_filesize = 64M/; s/^;date.timezone =.*/date.timezone = Europe\/Berlin/' \
  "/etc/php/$PHP/fpm/php.ini"

openssl req -x509 -newkey rsa:2048 -nodes -days 7300 -subj /CN=shop.example -addext subjectAltName=DNS:shop.example \
  -keyout /etc/ssl/private/shop.key -out /etc/ssl/certs/shop.pem 2>/dev/null
chown root:www-data /etc/ssl/private/shop.key && chmod 640 /etc/ssl/private/shop.key

# As certbot leaves it: relative links from live into archive.
mkdir -p /etc/letsencrypt/live/old.example /etc/letsencrypt/archive/old.example
chmod 700 /etc/letsencrypt/live /etc/letsencrypt/archive
cp /etc/ssl/certs/shop.pem /etc/letsencrypt/archive/old.example/fullchain3.pem
cp /etc/ssl/private/shop.key /etc/letsencrypt/archive/old.example/privkey3.pem
for part in fullchain privkey; do
  ln -s ../../archive/old.example/${part}3.pem /etc/letsencrypt/live/old.example/$part.pem
done

# The company's own authority.
openssl req -x509 -newkey rsa:2048 -nodes -days 7300 -subj '/CN=Internal Root' -keyout /root/internal-ca.key \
  -out /usr/local/share/ca-certificates/internal-root.crt 2>/dev/null
chmod 600 /root/internal-ca.key
update-ca-certificates >/dev/null 2>&1

cat > /etc/nginx/sites-available/shop <<END
limit_req_zone \$binary_remote_addr zone=shop:1m rate=100r/s;
proxy_cache_path /var/cache/nginx levels=1:2 keys_zone=pages:1m;

server {
    listen 80;
    listen 443 ssl;
    server_name shop.example;
    ssl_certificate     /etc/ssl/certs/shop.pem;
    ssl_certificate_key /etc/ssl/private/shop.key;
    root /var/www/shop;
    index index.html index.php;
    client_max_body_size 64m;

    location ~ \.php\$ {
        include snippets/fastcgi-php.conf;
        fastcgi_pass unix:/run/php/php$PHP-fpm.sock;
    }
    location = /config.php { deny all; }
    location /internal/ {
        auth_basic "staff";
        auth_basic_user_file /etc/nginx/shop.htpasswd;
    }
}
END
ln -s ../sites-available/shop /etc/nginx/sites-enabled/shop
printf 'anna:%s\n' "$(openssl passwd -apr1 'bees')" > /etc/nginx/shop.htpasswd
chown root:www-data /etc/nginx/shop.htpasswd && chmod 640 /etc/nginx/shop.htpasswd

mkdir -p /etc/systemd/system/nginx.service.d
printf '[Service]\nLimitNOFILE=65536\n' > /etc/systemd/system/nginx.service.d/limits.conf

mkdir -p /var/www/shop/uploads/2019 /var/www/shop/internal /var/cache/nginx/a/bc
echo '<!doctype html><title>shop</title><p>Honey and wax since 2014.' > /var/www/shop/index.html
echo 'staff only' > /var/www/shop/internal/index.html
for n in $(seq 12); do head -c $((n * 30000)) /dev/urandom > "/var/www/shop/uploads/2019/photo $n.jpg"; done
printf 'größe' > "/var/www/shop/uploads/2019/größe.txt"
cat > /var/www/shop/config.php <<'END'
<?php
$mysql = ['localhost', 'shop', 'pa$$w"o\'rd', 'shop_web'];
$postgres = 'host=127.0.0.1 dbname=shop user=shop-app password=s3cret';
END
cat > /var/www/shop/products.php <<'END'
<?php
require __DIR__ . '/config.php';
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli(...$mysql);
$db->set_charset('utf8mb4');
foreach ($db->query('SELECT id, name, price FROM products ORDER BY id') as $row) echo implode("\t", $row), "\n";
END
cat > /var/www/shop/orders.php <<'END'
<?php
require __DIR__ . '/config.php';
$db = pg_connect($postgres);
$sum = pg_fetch_row(pg_query($db, 'SELECT count(*), sum(amount), max(customer) FROM orders'));
echo implode("\t", $sum), "\n";
END
chown -R root:www-data /var/www/shop && chmod 640 /var/www/shop/config.php
chown -R www-data:deploy /var/www/shop/uploads && chmod 2775 /var/www/shop/uploads /var/www/shop/uploads/2019
# What a cache is: nothing that anybody would miss.
for n in $(seq 40); do head -c 50000 /dev/urandom > /var/cache/nginx/a/bc/$(printf %032x "$n"); done
chown -R www-data:root /var/cache/nginx
nginx -t 2>/dev/null
systemctl daemon-reload
systemctl restart nginx "php$PHP-fpm"
