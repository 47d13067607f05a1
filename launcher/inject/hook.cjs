'use strict';
// Put here by otel-genai for the run that started this program, and removed
// when the run ends. It leads TLS connections to hosts of model providers
// through the run's proxy, which sees calls and changes none. Whatever goes
// wrong in it leaves Node's own way.
(function (patterns) {
  try {
    // The run's proxy, and the secret that opens it, are the program's already.
    var way = /^http:\/\/otel-genai:([A-Za-z0-9]+)@([0-9.]+):([0-9]+)$/.exec(process.env.HTTPS_PROXY || '');
    if (!way) return;
    var run = { secret: way[1], host: way[2], port: Number(way[3]) };
    var tls = require('tls');
    var net = require('net');
    var native = tls.connect;
    var hosts = patterns.map(function (pattern) {
      return new RegExp('^' + pattern.toLowerCase().replace(/[^a-z0-9*-]/g, '\\$&').replace(/\*/g, '.+') + '$');
    });

    // What tls.connect was asked for: its options, in whichever of its forms.
    var asked = function (args) {
      var first = args[0];
      if (first !== null && typeof first === 'object') return first;
      if (!/^[0-9]+$/.test(String(first))) return null; // a path
      var options = { port: first };
      var next = 1;
      if (typeof args[1] === 'string') {
        options.host = args[1];
        next = 2;
      }
      if (args[next] !== null && typeof args[next] === 'object') Object.assign(options, args[next]);
      return options;
    };

    // Whether the user keeps a host out of proxies.
    var direct = function (host, port) {
      var list = process.env.no_proxy || process.env.NO_PROXY || '';
      return list.toLowerCase().split(/[\s,]+/).some(function (entry) {
        var at = /^(.*):([0-9]+)$/.exec(entry);
        if (at) {
          if (at[2] !== String(port)) return false;
          entry = at[1];
        }
        if (entry === '*') return true;
        entry = entry.replace(/^\*?\./, '');
        return entry !== '' && (host === entry || host.endsWith('.' + entry));
      });
    };

    // Whether a connection is one to lead through us. Roots, a context, or a way
    // of looking up names that the program brings itself are left to it.
    var ours = function (options) {
      if (!options || options.socket || options.path || options.ca != null || options.secureContext != null ||
        options.lookup != null || options.pskCallback != null || typeof options.host !== 'string') return false;
      var host = options.host.toLowerCase().replace(/\.$/, '');
      return hosts.some(function (h) { return h.test(host); }) && !direct(host, options.port);
    };

    var connect = function connect() {
      var through;
      try {
        var options = asked(arguments);
        if (ours(options)) {
          var plain = net.connect({ host: run.host, port: run.port });
          plain.write(run.secret + ' ' + options.host + ':' + options.port + '\n');
          through = Object.assign({}, options, { socket: plain });
        }
      } catch (_) {
        through = undefined;
      }
      if (!through) return native.apply(this, arguments);
      var last = arguments[arguments.length - 1];
      var socket;
      try {
        socket = typeof last === 'function' ? native.call(this, through, last) : native.call(this, through);
      } catch (err) { // options that tls won't have: the program hears of that, and isn't held by our connection
        through.socket.on('error', function () {}).destroy();
        throw err;
      }
      through.socket.on('error', function (err) { socket.destroy(err); });
      if (through.timeout) socket.setTimeout(through.timeout);
      return socket;
    };
    Object.defineProperty(connect, 'length', { value: native.length, configurable: true });
    tls.connect = connect;
    require('module').syncBuiltinESMExports();
  } catch (_) { /* Node's own way */ }
})(/*patterns*/);
