import { useOperation } from '#console/api/call.ts';
import { exactCount } from '#console/format/quantity.ts';
import { pollEveryMs } from '#console/limits.ts';
import { Amount } from '#console/part/amount.tsx';
import { useLink } from '#console/api/place.ts';
import { Figure } from '#console/part/page.tsx';
import type { DriveMap } from './drive.ts';

type Estimate = { readonly nines: number; readonly windowNines: number; readonly rawPerByte: number };

/** Drives, repair and durability at a glance. */
export function DriveFigures() {
  const map = useOperation<DriveMap>('storage', 'DescribeDrives', '', {}, { everyMs: pollEveryMs }).value;
  const model = useOperation<Estimate>('storage', 'EstimateDurability', '', {}, {}).value;
  const link = useLink();
  if (!map) return null;
  const out = map.drives.filter(({ state }) => state !== 'in');
  const domains =
    map.failureDomains === 1 ? 'all on one disk, which is one failure domain' : `on ${exactCount(map.failureDomains)} file systems`;
  return (
    <>
      <Figure
        label="Drives in use"
        to={link('storage', '-', 'drives')}
        value={`${map.drives.length - out.length} of ${map.drives.length}`}
        note={
          out.length === 0
            ? domains
            : out.map(({ number, state, reason }) => `drive ${number} ${state}${reason ? `: ${reason}` : ''}`).join(', ')
        }
      />
      <Figure
        label="Waiting for repair"
        value={exactCount(map.repairsWaiting)}
        note={
          map.unreadable > 0 ? (
            `${exactCount(map.unreadable)} cannot be read until drives are back`
          ) : (
            <>
              <Amount value={map.repairedBytes} unit="byte" /> repaired since the start
            </>
          )
        }
      />
      {model && (
        <Figure
          label="Durability, modelled"
          to={link('storage', '-', 'durability')}
          value={`${model.nines.toFixed(1)} nines`}
          note={`12+4 on independent drives, 1.57 % fail a year, mended in a day; ${model.windowNines.toFixed(1)} by windows`}
        />
      )}
    </>
  );
}
