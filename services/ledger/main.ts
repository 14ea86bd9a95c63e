import { join } from 'node:path';
import { implement } from '#kernel/contract/implement.ts';
import { dataSubjectProvider } from '#kernel/privacy/subject.ts';
import { type Needs, servicePart } from '#kernel/session/part.ts';
import { openTigerBeetle, openTunnel } from './doors/tigerbeetle/door.ts';
import { ledger } from './service.ts';
import { Book } from './store/book.ts';
import { directoryDisk } from './store/disk.ts';
import { accountHandlers } from './store/handler/account.ts';
import { subjects } from './store/handler/subject.ts';
import { transferHandlers } from './store/handler/transfer.ts';
import { expireEveryMs } from './store/limits.ts';
import { accountProvider, transferProvider } from './store/provider.ts';

export const main = implement<typeof ledger, Needs>(ledger, async ({ directory, log, now, mayWrite }) => {
  const book = await Book.open({
    disk: directoryDisk(join(directory, 'book')),
    now: () => BigInt(now()) * 1_000_000n,
    mayWrite,
    onFailure(error) {
      log('error', 'the disk failed; the ledger stops', { error: String(error) });
      // What the disk holds is unknown: an error that nobody catches ends the process, and the next start reads what is there.
      setImmediate(() => {
        throw error;
      });
    },
  });
  const ticking = setInterval(() => book.tick(), expireEveryMs);
  return {
    handlers: { ...accountHandlers(book), ...transferHandlers(book), ...subjects(book) },
    providers: { Account: accountProvider(book), Transfer: transferProvider(book), DataSubject: dataSubjectProvider },
    doors: { tigerbeetle: (place) => openTigerBeetle(place, book), tunnel: (place) => openTunnel(place, book) },
    effects: book.effects.source(),
    async stop() {
      clearInterval(ticking);
      await book.close();
    },
  };
});

export const part = servicePart(main);
