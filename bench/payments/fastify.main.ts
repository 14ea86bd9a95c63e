import { parse } from 'node:querystring';
import { fastify } from 'fastify';
import postgres from 'postgres';

/** The peer: a route that writes one row into PostgreSQL and answers it. */
const sql = postgres(process.argv[2] ?? '', { max: 10, onnotice: () => undefined });
await sql`create table if not exists payment (id bigint generated always as identity primary key, body jsonb not null)`;
const server = fastify();
server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) => done(null, parse(String(body))));
server.post('/v1/payment_intents', async ({ body }) => {
  const [row] = await sql`insert into payment (body) values (${sql.json(body as postgres.JSONValue)}) returning id`;
  return { id: String(row?.id), object: 'payment_intent', status: 'succeeded' };
});
await server.listen({ host: '127.0.0.1', port: 0 });
const address = server.server.address();
process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
process.once('disconnect', () => process.exit(0));
