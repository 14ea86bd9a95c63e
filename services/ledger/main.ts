import { join } from 'node:path';
import { implement, type Kernel } from '#kernel/contract/implement.ts';
import { dataSubjectProvider } from '#kernel/privacy/subject.ts';
import { type Needs, servicePart } from '#kernel/session/part.ts';
import { openTigerBeetle, openTunnel } from './doors/tigerbeetle/door.ts';
import { ledger } from './service.ts';
import { Book } from './store/book.ts';
import { directoryDisk } from './store/disk.ts';
import { accountHandlers } from './store/handler/account.ts';
import { subjects } from './store/handler/subject.ts';
import { transferHandlers } from './store/handler/transfer.ts';
import { beatEveryMs, expireEveryMs } from './store/limits.ts';
import { sqlFence } from '#kernel/pair/fence.ts';
import { Pair, takeLedger } from './store/pair/pair.ts';
import { connectPair, listenPair } from '#kernel/pair/wire.ts';
import { accountProvider, transferProvider } from './store/provider.ts';

export const main = implement<typeof ledger, Needs>(ledger, async (kernel) => {
  const { directory, log, now, mayWrite } = kernel;
  // What nobody catches ends the process, and the next start reads what is there.
  const end = (error: Error) =>
    void setImmediate(() => {
      throw error;
    });
  const book = new Book({
    disk: directoryDisk(join(directory, 'book')),
    now: () => BigInt(now()) * 1_000_000n,
    mayWrite,
    onFailure(error) {
      log('error', 'the disk failed; the ledger stops', { error: String(error) });
      end(error);
    },
  });
  const kept = await keep(kernel, book, end);
  const ticking = setInterval(() => book.tick(), expireEveryMs);
  return {
    handlers: { ...accountHandlers(book), ...transferHandlers(book), ...subjects(book) },
    providers: { Account: accountProvider(book), Transfer: transferProvider(book), DataSubject: dataSubjectProvider },
    doors: { tigerbeetle: (place) => openTigerBeetle(place, book), tunnel: (place) => openTunnel(place, book) },
    effects: book.effects.source(),
    opened: kept.opened,
    elsewhere: kept.elsewhere,
    async stop() {
      clearInterval(ticking);
      await kept.stop();
    },
  };
});

type Kept = { opened(doors: Readonly<Record<string, string>>): void; elsewhere(): string | undefined; stop(): Promise<void> };

/** Opens the book: alone, or as one of two processes that keep it. */
async function keep(kernel: Kernel<Needs>, book: Book, end: (error: Error) => void): Promise<Kept> {
  const { pair: names, needs } = kernel;
  if (names) return keepAsPair(kernel, names, book, end);
  if (needs.sql) await takeLedger(book, sqlFence(needs.sql), kernel.process);
  await book.load();
  return { opened: () => undefined, elsewhere: () => undefined, stop: () => book.close() };
}

async function keepAsPair(kernel: Kernel<Needs>, names: readonly [string, string], book: Book, end: (error: Error) => void): Promise<Kept> {
  const { process: self, run, log, needs, signal } = kernel;
  if (!needs.sql) throw new TypeError('a ledger of two processes needs PostgreSQL');
  const pathOf = (name: string) => join(run, `${name}.pair`);
  const other = names[0] === self ? names[1] : names[0];
  let rest = '';
  const pair = new Pair({
    book,
    fence: sqlFence(needs.sql),
    names,
    self,
    connect: () => connectPair(pathOf(other)),
    now: () => performance.now(),
    log,
    rest: () => rest,
    onFenced() {
      log('error', 'another process has taken the ledger; this one ends and starts anew');
      end(new Error('the ledger is held by another process'));
    },
  });
  const listener = await listenPair(pathOf(self), (wire) => pair.accept(wire));
  await pair.begin();
  const beating = setInterval(() => pair.tick(), beatEveryMs);
  signal.addEventListener('abort', () => pair.drain(), { once: true });
  return {
    opened(doors) {
      rest = doors.rest ?? '';
    },
    elsewhere: () => pair.elsewhere,
    async stop() {
      await pair.finish();
      clearInterval(beating);
      pair.stop();
      listener.close();
      await book.close();
    },
  };
}

export const part = servicePart(main, { migrations: new URL('store/migration', import.meta.url), platformTables: ['pair'] });
