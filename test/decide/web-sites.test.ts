import { expect, test } from '@jest/globals';
import { apacheSites, nginxSites, uniqueSites } from '../../src/decide/web-sites.ts';

test('every name of every nginx server is asked on every port it listens on', () => {
  const sites = nginxSites(`
    # listen 99;
    upstream app { server 127.0.0.1:3000; }
    server {
      listen 80; listen [::]:80;
      listen 443 ssl http2;
      server_name shop.example www.shop.example *.shop.example ~^x{1,3}$;
      location / { return 301 "https://shop.example;"; }
    }
    server { listen 10.0.0.5:8080 default_server; server_name _; }
    server { listen unix:/run/x.sock; }
    server { server_name 'plain.example'; }
  `);
  expect(uniqueSites(sites)).toEqual([
    { scheme: 'http', name: 'localhost', port: 8080, address: '10.0.0.5' },
    { scheme: 'http', name: 'plain.example', port: 80, address: '127.0.0.1' },
    { scheme: 'http', name: 'shop.example', port: 80, address: '127.0.0.1' },
    { scheme: 'https', name: 'shop.example', port: 443, address: '127.0.0.1' },
    { scheme: 'http', name: 'www.shop.example', port: 80, address: '127.0.0.1' },
    { scheme: 'https', name: 'www.shop.example', port: 443, address: '127.0.0.1' },
  ]);
});

test('virtual hosts of Apache are asked by name and alias', () => {
  const sites = apacheSites(`
<VirtualHost *:80>
  ServerName blog.example:80
  ServerAlias www.blog.example old.example
</VirtualHost>
<IfModule mod_ssl.c>
  <VirtualHost _default_:443>
    ServerName blog.example
    SSLEngine on
  </VirtualHost>
</IfModule>
`);
  expect(sites).toEqual([
    { scheme: 'http', name: 'blog.example', port: 80, address: '127.0.0.1' },
    { scheme: 'http', name: 'www.blog.example', port: 80, address: '127.0.0.1' },
    { scheme: 'http', name: 'old.example', port: 80, address: '127.0.0.1' },
    { scheme: 'https', name: 'blog.example', port: 443, address: '127.0.0.1' },
  ]);
});
