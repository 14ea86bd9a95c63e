import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { registerFaults } from '#kernel/contract/fault.ts';
import { connectKeeper } from '#kernel/keys/client.ts';
import { sealerOf } from '#kernel/keys/sealer.ts';
import { createLog } from '#kernel/observe/log.ts';
import { openSnapshot } from '#kernel/snapshot/reader.ts';
import type { Link, Part } from '#kernel/supervise/protocol.ts';
import { CardStore } from './engine/card/card-store.ts';
import { VaultKeys } from './engine/card/key.ts';
import { openLineHost } from './engine/card/line-host.ts';
import { MessageBook } from './engine/card/message-book.ts';
import { Vault } from './engine/card/vault.ts';
import { payments } from './service.ts';

registerFaults(payments.errors);

/** The process that numbers of cards come into and never leave, with the switch and the simulated issuers: the card environment. */
export const part: Part = {
  name: 'payments-vault',
  async start({ order }: Link) {
    const log = createLog({ process: order.process, level: 'info' });
    const keeper = connectKeeper(join(order.run, 'keeper.sock'), order.token);
    const snapshot = openSnapshot(order.data);
    const directory = join(order.data, 'service', order.process);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Keeper derives keys of this purpose for this process alone.
    const purpose = `process ${order.process}`;
    const sealer = sealerOf(keeper, purpose, Date.now, (tenant, key) => snapshot.get('key', tenant, key));
    const cards = await CardStore.open(directory, sealer);
    const messages = new MessageBook(join(directory, 'message'), sealer, log);
    const vault = new Vault({ cards, keys: new VaultKeys(keeper, purpose), messages, log });
    const line = await openLineHost(join(order.run, `${order.process}.sock`), (question) => vault.answer(question), log);
    return {
      doors: {},
      async drain() {
        await line.close();
        await vault.close();
        keeper.close();
        await snapshot.close();
      },
    };
  },
};
