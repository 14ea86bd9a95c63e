import { useOperation } from '#console/api/call.ts';
import { duration } from '#console/format/moment.ts';
import { bytesPerSecond, exactCount, plural } from '#console/format/quantity.ts';
import { Amount } from '#console/part/amount.tsx';
import { Id } from '#console/part/copy.tsx';
import { Live } from '#console/part/live.tsx';
import { useNow } from '#console/part/now.ts';
import { Facts, Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { Status, type Tone } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import type { Drive, DriveMap, Repair } from './drive.ts';
import { StorageNodes } from './storage-nodes.tsx';
import { liveEveryMs } from './limits.ts';

const tones: Readonly<Record<Drive['state'], Tone>> = { in: 'ok', rebuilding: 'warn', out: 'bad' };
const words: Readonly<Record<Drive['state'], string>> = { in: 'in use', rebuilding: 'being rebuilt', out: 'out' };

/** The drives by where they stand, what is being mended, and what was looked through. */
export function Drives() {
  const reading = useOperation<DriveMap>('storage', 'DescribeDrives', '', {}, { everyMs: liveEveryMs });
  const map = reading.value;
  if (!map)
    return <Section>{reading.problem ? <Refusal problem={reading.problem} again={reading.again} /> : <Waiting rows={6} />}</Section>;
  return (
    <>
      {map.failureDomains === 1 && (
        <p className="dim">
          <Status tone="warn">All drives are directories of one disk.</Status> They protect against damage and lost files, not against the
          loss of the disk.
        </p>
      )}
      {map.remote && <Remote remote={map.remote} />}
      <Section title="Drives" actions={<Live mode={reading.problem ? 'lost' : 'live'} heardAt={reading.heardAt} />}>
        <DriveGrid drives={map.drives} />
      </Section>
      {map.nodes && <StorageNodes nodes={map.nodes} />}
      <Repairs map={map} />
      <Section title="Kept whole">
        <Facts facts={factsOf(map)} />
      </Section>
    </>
  );
}

/** The operator's store, which takes the bytes in the place of the drives. */
function Remote({ remote }: { remote: NonNullable<DriveMap['remote']> }) {
  const { away, removalsWaiting, lastSweep } = remote;
  return (
    <Section
      title="Another S3"
      text="New bytes go there, sealed. The drives below keep the log of the index, and what was stored before."
      actions={<Status tone={away ? 'bad' : 'ok'}>{away ? 'it fails, or is silent' : 'in use'}</Status>}
    >
      <Facts
        facts={[
          ['Removals that wait for it', exactCount(removalsWaiting)],
          ['Last searched', lastSweep ? <When at={lastSweep.endedAt} /> : 'not since the start'],
          ['Objects there', lastSweep ? exactCount(lastSweep.objects) : '–'],
          ['Left behind, removed', lastSweep ? exactCount(lastSweep.orphans) : '–'],
          ['Of another copy of this data directory, left alone', lastSweep ? exactCount(lastSweep.foreign) : '–'],
        ]}
      />
    </Section>
  );
}

function DriveGrid({ drives }: { drives: readonly Drive[] }) {
  const zones = grouped(drives, ({ region, zone }) => `${region} / ${zone}`);
  const nodes = new Set(drives.map(({ zone, rack, node }) => `${zone}/${rack}/${node}`)).size;
  const racks = new Set(drives.map(({ zone, rack }) => `${zone}/${rack}`)).size;
  return (
    <div className="stack">
      {zones.map(([zone, inZone]) => (
        <div key={zone} className="stack tight">
          {zones.length > 1 && <h3>{zone}</h3>}
          <div className="racks">
            {grouped(inZone, ({ rack }) => rack).map(([rack, inRack]) => (
              <section key={rack} className="rack" aria-label={`Rack ${rack}`}>
                <h3>{rack}</h3>
                <ul>
                  {inRack.map((drive) => (
                    <li key={drive.number} className={`drive drive-${drive.state}`}>
                      <span className="row apart">
                        <span className="cut">
                          <strong>{drive.number}</strong>
                          {nodes > racks && <span className="dim"> {drive.node}</span>}
                        </span>
                        <Status tone={tones[drive.state]}>{words[drive.state]}</Status>
                      </span>
                      <span className="dim cut" title={drive.reason ?? drive.node}>
                        {drive.reason ?? (drive.freeBytes === undefined ? drive.node : <Free drive={drive} />)}
                      </span>
                    </li>
                  ))}
                </ul>
              </section>
            ))}
          </div>
        </div>
      ))}
    </div>
  );
}

function Free({ drive }: { drive: Drive }) {
  return (
    <>
      <Amount value={drive.freeBytes} unit="byte" /> free
    </>
  );
}

const grouped = <T,>(items: readonly T[], by: (item: T) => string): [string, T[]][] => [...Map.groupBy(items, by)];

const columns: readonly Column<Repair>[] = [
  { key: 'run', title: 'Run of shards', show: ({ id }) => <Id id={id} /> },
  { key: 'size', title: 'Keeps', right: true, show: ({ size }) => <Amount value={size} unit="byte" /> },
  {
    key: 'shards',
    title: 'Shards to make',
    spare: 1,
    show: ({ shards }) => (shards.length === 0 ? <span className="dim">waits for a drive</span> : shards.join(', ')),
  },
  {
    key: 'state',
    title: 'Now',
    show: ({ unreadable }) =>
      unreadable ? <Status tone="bad">cannot be read until drives are back</Status> : <Status tone="warn">readable, mended in turn</Status>,
  },
];

function Repairs({ map }: { map: DriveMap }) {
  const now = useNow();
  const { rebuilding, repairs, repairsWaiting, repaired, repairedBytes, extentsWaiting } = map;
  return (
    <Section
      flush
      title="Repair"
      text={
        <>
          {exactCount(repaired)} {plural(repaired, 'run')} of shards mended since the start, <Amount value={repairedBytes} unit="byte" />.
          {extentsWaiting > 0 && ` ${exactCount(extentsWaiting)} ${plural(extentsWaiting, 'extent')} wait to be sealed or emptied.`}
        </>
      }
    >
      {rebuilding && (
        <div className="table-bar">
          <Status tone="warn">Drive {rebuilding.drive} is being rebuilt</Status>
          <span className="dim">
            <Amount value={rebuilding.bytes} unit="byte" /> in {duration(Math.max(0, now - rebuilding.startedAt))},{' '}
            {bytesPerSecond(rebuilding.bytes / Math.max(1, (now - rebuilding.startedAt) / 1000))}
          </span>
        </div>
      )}
      {repairs.length === 0 ? (
        !rebuilding && (
          <Empty icon="check" title="Nothing waits for repair">
            What a read or a scrub finds damaged or missing stands here until it is made again from the other shards.
          </Empty>
        )
      ) : (
        <>
          <Table label="Repairs that wait" columns={columns} rows={repairs} rowKey={({ id }) => id} />
          <div className="table-end">
            {exactCount(repairsWaiting)} in all{map.unreadable > 0 && `, ${exactCount(map.unreadable)} of them unreadable`}
          </div>
        </>
      )}
    </Section>
  );
}

function factsOf({ scrubDays, lastScrub, index, extents }: DriveMap): readonly (readonly [string, React.ReactNode])[] {
  return [
    [
      'Last scrub',
      lastScrub ? (
        <>
          <When at={lastScrub.endedAt} />, <Amount value={lastScrub.bytes} unit="byte" />
        </>
      ) : (
        'the first one runs'
      ),
    ],
    ['All is read within', `${exactCount(scrubDays)} ${plural(scrubDays, 'day')}`],
    ['Damage found by it', lastScrub ? exactCount(lastScrub.damagedShards + lastScrub.damagedCopies) : '–'],
    ['Extents', `${exactCount(extents.open)} open, ${exactCount(extents.full)} full, ${exactCount(extents.sealed)} sealed`],
    ['Copies of the index', `${exactCount(index.copies)} drives`],
    [
      'Index looked through',
      index.lastCheck ? (
        <>
          <When at={index.lastCheck.endedAt} />, {exactCount(index.lastCheck.wrong)} wrong of {exactCount(index.lastCheck.rows)}
        </>
      ) : (
        'not since the start'
      ),
    ],
  ];
}
