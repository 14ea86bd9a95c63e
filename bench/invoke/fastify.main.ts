import { fastify } from 'fastify';

/** The peer: a route that answers the same payload, and nothing else. */
const server = fastify();
server.get('/v1/echo/channels/:name/no-op', async () => ({}));
await server.listen({ host: '127.0.0.1', port: 0 });
const address = server.server.address();
process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
process.once('disconnect', () => process.exit(0));
