// What bench/server.ts compares with: Node's own HTTP server, a handler that verifies the signature of a webhook, and one that says a few bytes. Nothing is kept.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const [port = '0', secret = ''] = process.argv.slice(2);

createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const answer = (status) => response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    if (request.method === 'GET') return answer(200);
    const claim = Buffer.from(String(request.headers['x-hub-signature-256'] ?? '').replace('sha256=', ''), 'hex');
    const digest = createHmac('sha256', secret).update(Buffer.concat(parts)).digest();
    return answer(claim.length === digest.length && timingSafeEqual(claim, digest) ? 202 : 401);
  });
}).listen(Number(port), '127.0.0.1');
