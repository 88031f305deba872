# MariaDB: the shop's tables, an old latin1 database, users with grants, and code that runs inside the server.
add mariadb-server
cat > /etc/mysql/mariadb.conf.d/99-tuned.cnf <<'END'
[mysqld]
innodb_buffer_pool_size = 96M
max_connections = 77
event_scheduler = ON
slow_query_log = 1
long_query_time = 2.5
END
mkdir -p /etc/systemd/system/mariadb.service.d
printf '[Service]\nLimitNOFILE=40000\n' > /etc/systemd/system/mariadb.service.d/override.conf
systemctl daemon-reload
systemctl restart mariadb
mysql --default-character-set=utf8mb4 <<'END'
CREATE DATABASE shop_web CHARACTER SET utf8mb4;
CREATE DATABASE `old-blog` CHARACTER SET latin1;
CREATE USER 'shop'@'localhost' IDENTIFIED BY 'pa$$w"o\'rd';
CREATE USER 'shop_admin'@'localhost' IDENTIFIED BY 'adm1n' WITH MAX_USER_CONNECTIONS 5;
CREATE USER 'report'@'10.%' IDENTIFIED BY 'r3port' REQUIRE SSL;
CREATE ROLE reader;
GRANT SELECT ON shop_web.* TO reader;
GRANT reader TO 'report'@'10.%';
SET DEFAULT ROLE reader FOR 'report'@'10.%';
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON shop_web.* TO 'shop'@'localhost';
GRANT ALL ON shop_web.* TO 'shop_admin'@'localhost' WITH GRANT OPTION;
USE `old-blog`;
CREATE TABLE posts (id int PRIMARY KEY AUTO_INCREMENT, title varchar(80), body mediumblob) ENGINE=Aria CHARACTER SET latin1;
INSERT INTO posts (title, body) VALUES ('Größe', REPEAT(CHAR(0, 255, 39, 92, 10), 20000)), (NULL, '');
ALTER TABLE posts AUTO_INCREMENT = 500;
GRANT SELECT (id, title) ON posts TO 'report'@'10.%';
USE shop_web;
CREATE TABLE products (
  id int PRIMARY KEY AUTO_INCREMENT, name varchar(100) NOT NULL, price decimal(8,2) NOT NULL,
  created timestamp NOT NULL DEFAULT '2021-03-28 03:30:00', tags set('new','sale') DEFAULT NULL,
  FULLTEXT KEY (name)
);
INSERT INTO products (name, price, tags) VALUES
  ('Honig 🐝', 7.50, 'new'), ('Bienenwachs', 3.20, 'sale'), ('Kerze ''groß'' \\ 10"', 12.00, 'new,sale');
CREATE TABLE sessions (id char(32) PRIMARY KEY, until datetime NOT NULL);
INSERT INTO sessions SELECT MD5(seq), '2037-01-01' + INTERVAL seq SECOND FROM seq_1_to_5000;
CREATE TABLE audit (id int PRIMARY KEY AUTO_INCREMENT, what varchar(200));
CREATE DEFINER='shop_admin'@'localhost' VIEW cheap AS SELECT id, name FROM products WHERE price < 10;
DELIMITER //
CREATE DEFINER='shop_admin'@'localhost' PROCEDURE raise_prices(IN percent int)
BEGIN UPDATE products SET price = price * (100 + percent) / 100; END //
CREATE DEFINER='shop_admin'@'localhost' FUNCTION gross(net decimal(8,2)) RETURNS decimal(8,2) DETERMINISTIC
RETURN net * 1.19 //
CREATE DEFINER='shop_admin'@'localhost' TRIGGER product_audit AFTER UPDATE ON products
FOR EACH ROW INSERT INTO audit (what) VALUES (CONCAT(OLD.name, ' changed')) //
CREATE DEFINER='shop_admin'@'localhost' EVENT purge_sessions ON SCHEDULE EVERY 1 DAY STARTS '2024-01-01 02:00:00'
COMMENT 'old sessions' DO DELETE FROM shop_web.sessions WHERE until < NOW() //
DELIMITER ;
UPDATE products SET price = 3.30 WHERE id = 2;
END
