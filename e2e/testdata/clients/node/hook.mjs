// What a Node program can see of the hook: hook.mjs CASE. The provider's port is
// the test's own.
import tls from 'node:tls';
import { connect as named } from 'node:tls';
import https from 'node:https';
import http2 from 'node:http2';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

const what = isMainThread ? process.argv[2] : workerData;
const [host, port] = ['api.openai.com', 443];
const say = (...words) => console.log(...words);

const events = (socket) =>
  new Promise((resolve) => {
    for (const name of ['connect', 'secureConnect', 'end', 'close']) socket.on(name, () => say(name));
    socket.on('error', (err) => say('error', err.code));
    socket.on('secureConnect', () => {
      say(socket.authorized, socket.getPeerCertificate().subject !== undefined, socket.alpnProtocol, socket.servername);
      socket.end('GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    });
    socket.on('data', (data) => say(String(data).split('\r\n')[0]));
    socket.on('close', resolve);
  });

const cases = {
  shape: async () => say(tls.connect.name, tls.connect.length, named === tls.connect, Object.keys(tls).length, process.execArgv.length),
  options: () => events(tls.connect({ host, port, servername: host })),
  positions: () => events(tls.connect(port, host, { servername: host, ALPNProtocols: ['http/1.1'] }, () => say('called back'))),
  string: () => events(tls.connect(String(port), host, { servername: host })),
  pinned: () => events(tls.connect({ host, port, servername: host, ca: ['-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----'] })).catch((err) => say(err.code)),
  refused: () => events(tls.connect({ host: '127.0.0.1', port: 9 })),
  timeout: () => new Promise((resolve) => {
    const socket = tls.connect({ host, port, servername: host, timeout: 50 });
    socket.on('timeout', () => { say('timeout'); socket.destroy(); });
    socket.on('close', resolve);
  }),
  agent: async () => {
    const agent = new https.Agent({ keepAlive: true });
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) => https.get({ host, path: '/v1/models', agent }, (r) => r.resume().on('end', () => resolve(say(r.statusCode)))));
    }
    agent.destroy();
  },
  http2: () => new Promise((resolve) => {
    const session = http2.connect(`https://${host}`);
    const stream = session.request({ ':path': '/v1/models' });
    stream.on('response', (h) => say(h[':status'], session.alpnProtocol));
    stream.resume().on('end', () => session.close(resolve));
  }),
  worker: () => new Promise((resolve) => new Worker(fileURLToPath(import.meta.url), { workerData: 'options' }).on('exit', resolve)),
  bad: async () => {
    for (const args of [[], [null], [{}], [NaN]]) {
      try {
        tls.connect(...args).on('error', () => {}).destroy();
        say('nothing thrown');
      } catch (err) {
        say(err.code ?? err.name);
      }
    }
  },
};
await cases[what]();
