// usage: verify.cjs ROOTS NAME PORT [NAME PORT ...]: a line for each server.
const fs = require('node:fs');
const net = require('node:net');
const tls = require('node:tls');
const [roots, ...rest] = process.argv.slice(2);
const ca = fs.readFileSync(roots);

function one(name, port) {
  return new Promise((done) => {
    const socket = tls.connect({ host: net.isIP(name) ? name : '127.0.0.1', port, ca, servername: net.isIP(name) ? '' : name });
    socket.once('error', (e) => done(`refused ${e.code} ${e.message}`.replace(/\s+/g, ' ')));
    socket.once('data', (d) => { socket.end(); done(String(d) === 'ok' ? 'trusted' : 'silent'); });
  });
}

(async () => {
  for (let i = 0; i < rest.length; i += 2) console.log(await one(rest[i], Number(rest[i + 1])));
})();
