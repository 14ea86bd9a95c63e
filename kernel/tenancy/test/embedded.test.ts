import { startTestServer } from '#seams/sql/test/server.ts';
import { tenancySuite } from './suite.ts';

// Whether a commit has reached the disk says nothing about whose it is, and the walk makes tens of thousands.
tenancySuite(async () => {
  const server = await startTestServer({ synchronous_commit: 'off' });
  return { url: server.url, superuserUrl: server.url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}, 100_000);
