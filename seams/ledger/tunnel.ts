import { once } from 'node:events';
import { createServer, isIP, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { connectMs, tunnelConnectionsMax } from './limits.ts';

export type TunnelOptions = {
  /** The TLS door at the other end. */
  readonly host: string;
  readonly port: number;
  /** The client's certificate with its key, and the authority that the door is known by, in PEM. */
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly ca: string;
  /** The port here; 0 means any. */
  readonly localPort: number;
  /** Told why a connection could not be led on. */
  readonly onProblem: (reason: string) => void;
};

export type Tunnel = { readonly port: number; close(): Promise<void> };

/** Listens on loopback and leads each connection over TLS with a client certificate to a door elsewhere. */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    sockets.add(near);
    near.once('close', () => sockets.delete(near));
    leadOn(near, options);
  });
  server.maxConnections = tunnelConnectionsMax;
  server.listen(options.localPort, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Both ends live and die together; each is read only as fast as the other takes. */
function leadOn(near: Socket, { host, port, certificate, ca, onProblem }: TunnelOptions): void {
  const far = connect({ host, port, ...certificate, ca, minVersion: 'TLSv1.3', ...(isIP(host) ? {} : { servername: host }) });
  far.setNoDelay(true);
  far.setTimeout(connectMs, () => far.destroy(new Error(`no handshake within ${connectMs} ms`)));
  far.once('secureConnect', () => {
    far.setTimeout(0);
    near.pipe(far).pipe(near);
  });
  far.once('error', (error) => onProblem(error.message));
  near.on('error', () => undefined);
  far.once('close', () => near.destroy());
  near.once('close', () => far.destroy());
}
