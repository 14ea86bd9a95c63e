import { ballastHeld, fillBallast, type Reserve, releaseBallast } from './ballast.ts';
import { ballastReleaseShare } from './limits.ts';
import { type SpaceLevel, type SpaceWatch, watchSpace } from './space.ts';

export type SpaceEvent = { readonly level: 'info' | 'warn' | 'error'; readonly text: string };

/** The supervisor's watch of the disk. The ballast is first made when `fill` is called, after the start, which needs the disk too. */
export type BallastKeeper = Omit<SpaceWatch, 'stop'> & { fill(): void; stop(): Promise<void> };

/**
 * The supervisor's part: keeps the ballast while there is room, releases it when the disk runs full, makes it again
 * afterwards, and tells the operator when the level changes.
 */
export function keepBallast(data: string, reserve: Reserve, tell: (event: SpaceEvent) => void): BallastKeeper {
  const { reserveBytes, ballastBytes } = reserve;
  let level: SpaceLevel = 'plenty';
  let filling: Promise<unknown> | undefined;
  let mayFill = false;
  let stopped = false;
  const hasRoom = (free: number) => free >= reserveBytes + ballastBytes;
  const look = (free: number, now: SpaceLevel): void => {
    if (now !== level) tell(levelEvent(now, free, reserveBytes));
    level = now;
    if (free < ballastBytes / ballastReleaseShare) {
      const released = releaseBallast(data);
      if (released > 0) tell({ level: 'error', text: `The disk is full: the ballast of ${released} bytes was released.` });
    } else if (mayFill && !filling && !stopped && hasRoom(free) && ballastHeld(data) < ballastBytes) {
      filling = fillBallast(data, ballastBytes, () => !stopped && watch.mayWrite())
        .catch((error: Error) => tell({ level: 'warn', text: `The ballast could not be written: ${error.message}` }))
        .finally(() => {
          filling = undefined;
        });
    }
  };
  const watch = watchSpace({ path: data, reserveBytes, onLook: look });
  look(watch.freeBytes(), watch.level());
  return {
    ...watch,
    fill() {
      mayFill = true;
      look(watch.freeBytes(), watch.level());
    },
    async stop() {
      stopped = true;
      watch.stop();
      await filling;
    },
  };
}

function levelEvent(level: SpaceLevel, freeBytes: number, reserveBytes: number): SpaceEvent {
  const free = `${Math.floor(freeBytes / 1_048_576)} MiB of disk are free`;
  const kept = `${Math.ceil(reserveBytes / 1_048_576)} MiB`;
  if (level === 'short') return { level: 'error', text: `${free}, less than the ${kept} kept: changes are refused until there is more.` };
  if (level === 'warning') return { level: 'warn', text: `${free}; changes will be refused below ${kept}.` };
  return { level: 'info', text: `${free}.` };
}
