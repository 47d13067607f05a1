// What a test's user has in NODE_OPTIONS, since Node before 22 reads no proxy
// variable and node:http2 never does: whatever would go straight to port 443 of
// a host goes to the stand-in's.
'use strict';
const net = require('net');
const [host, port] = process.env.STAND_IN.split(':');
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (options !== null && typeof options === 'object' && String(options.port) === '443' && !options.path) {
    options.host = host;
    options.port = Number(port);
  }
  return connect.apply(this, args);
};
