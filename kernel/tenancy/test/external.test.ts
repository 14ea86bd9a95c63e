import { startStranger } from '#seams/sql/test/server.ts';
import { tenancySuite } from './suite.ts';

// The walk is shorter here: the client is the same, and both files run at the same time.
tenancySuite(async () => {
  const server = await startStranger({ synchronous_commit: 'off' });
  return { url: server.strangerUrl, superuserUrl: server.url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}, 30_000);
