import type { DriveSet } from '../drive-set.ts';
import type { Told, Workers } from './workers.ts';

/** How a drive stands: `turn` is when it was last taken into use, in milliseconds since 1970. */
type Stand = { readonly number: number; readonly id: string; readonly turn: number; readonly out?: string };
type Drives = { readonly stands: readonly Stand[]; readonly lost: readonly number[] };
/** A drive that failed at another process, of the turn that it had there. */
type Failed = { readonly number: number; readonly turn: number; readonly reason: string };
type Rebuilt = { readonly number: number; readonly turn: number };

/** What processes that share drives agree about: which are in use, and of which each has rebuilt what is its own. */
export type DriveAgreement = {
  /** Whether another process says which drives are in use. */
  readonly follows: boolean;
  /** Takes drives into use that the other one has, and that answer here as well. */
  rejoin(): Promise<void>;
  /** Whether something of a drive that came back is still to be rebuilt by this process. */
  isDue(number: number): boolean;
  /** This process has rebuilt what is its own. */
  rebuilt(number: number): Promise<void>;
};

/** Where one process has all partitions. */
export const alone = (drives: DriveSet): DriveAgreement => ({
  follows: false,
  rejoin: async () => {},
  isDue: () => true,
  rebuilt: (number) => drives.whole(number),
});

/** What a process agrees with the others: the first one leads, and the others follow it while it is there. */
export function agreeOnDrives(drives: DriveSet, workers: Workers, look: () => void): DriveAgreement {
  return workers.place.index === 0 ? lead(drives, workers, look) : follow(drives, workers, look);
}

function lead(drives: DriveSet, workers: Workers, look: () => void): DriveAgreement {
  const began = Date.now();
  const turns = drives.drives.map(() => began);
  const isIn = drives.drives.map((drive) => drive.isIn);
  /** Which processes have rebuilt their share of a drive, of its turn. */
  const done = new Map<number, Set<number>>();
  const doneOf = (number: number) => done.get(number) ?? new Set<number>();
  const stands = (): Drives => ({
    stands: drives.drives.map(({ number, id, state }) => ({
      number,
      id,
      turn: turns[number]!,
      ...(state.state === 'out' ? { out: state.reason } : {}),
    })),
    lost: [...drives.lost],
  });
  const settle = async (number: number): Promise<void> => {
    if (doneOf(number).size < workers.place.count) return;
    done.delete(number);
    await drives.whole(number);
  };
  const note = (number: number, worker: number): Promise<void> => {
    done.set(number, doneOf(number).add(worker));
    return settle(number);
  };
  drives.onChange(() => {
    for (const { number, isIn: now } of drives.drives) {
      if (now && !isIn[number]) {
        turns[number] = Math.max(Date.now(), turns[number]! + 1);
        done.delete(number);
      }
      isIn[number] = now;
    }
    workers.tell({ drives: stands() });
  });
  workers.onReached((worker) => workers.tell({ drives: stands() }, worker));
  workers.onTold(({ failed, rebuilt }: Told, from) => {
    const { number, turn, reason } = (failed as Failed | undefined) ?? {};
    // One that begins knows no turn yet.
    if (number !== undefined && reason !== undefined && (turn === 0 || turn === turns[number])) drives.drive(number)?.takeOut(reason);
    const whole = rebuilt as Rebuilt | undefined;
    if (whole && whole.turn === turns[whole.number] && drives.lost.has(whole.number)) void note(whole.number, from).finally(look);
  });
  return {
    follows: false,
    rejoin: async () => {},
    isDue: (number) => !doneOf(number).has(0),
    rebuilt: (number) => note(number, 0),
  };
}

function follow(drives: DriveSet, workers: Workers, look: () => void): DriveAgreement {
  /** The turn that was last followed, and the last one whose share is rebuilt. */
  const turns = new Map<number, number>();
  const rebuilt = new Map<number, number>();
  /** Drives that the first process has in use and this one not yet. */
  const awaited = new Map<number, string>();
  const known = new Set<number>(drives.allIn.map(({ number }) => number));
  drives.onChange(() => {
    for (const { number, state } of drives.drives) {
      if (state.state === 'in') known.add(number);
      else if (known.delete(number)) workers.tell({ failed: { number, turn: turns.get(number) ?? 0, reason: state.reason } }, 0);
    }
  });
  workers.onReached(() => {
    for (const { number, state } of drives.drives)
      if (state.state === 'out') workers.tell({ failed: { number, turn: turns.get(number) ?? 0, reason: state.reason } }, 0);
  });
  workers.onTold((told) => {
    const { stands, lost } = (told.drives as Drives | undefined) ?? {};
    if (!stands || !lost) return;
    for (const { number, id, turn, out } of stands) {
      const drive = drives.drive(number);
      if (!drive) continue;
      if (out !== undefined) {
        awaited.delete(number);
        known.delete(number);
        drive.takeOut(out);
      } else if (turn > (turns.get(number) ?? 0)) {
        turns.set(number, turn);
        if (!drive.isIn || drive.id !== id) awaited.set(number, id);
      }
    }
    drives.follow(lost);
    look();
  });
  return {
    follows: true,
    async rejoin() {
      for (const [number, id] of awaited) {
        const drive = drives.drive(number)!;
        if ((await drive.readIdentity().catch(() => undefined)) !== id || awaited.get(number) !== id) continue;
        awaited.delete(number);
        drives.adopt(number, id);
      }
    },
    isDue: (number) => rebuilt.get(number) !== turns.get(number),
    async rebuilt(number) {
      const turn = turns.get(number) ?? 0;
      rebuilt.set(number, turn);
      workers.tell({ rebuilt: { number, turn } }, 0);
    },
  };
}
