import { clearTransfers, stopTransfer, type Transfer, useTransfers } from '#console/api/transfer.ts';
import { duration } from '#console/format/moment.ts';
import { bytes, bytesPerSecond } from '#console/format/quantity.ts';
import { Button } from '#console/part/button.tsx';
import { useNow } from '#console/part/now.ts';
import { Section } from '#console/part/page.tsx';
import { Refusal } from '#console/part/state.tsx';
import { Status, StatusMark } from '#console/part/status.tsx';

/** Uploads and downloads of a bucket: how far, how fast, how long still. They go on while other pages are shown. */
export function Transfers({ place }: { place: string }) {
  const own = useTransfers().filter((each) => each.place === place);
  const now = useNow();
  if (own.length === 0) return null;
  const active = own.filter((each) => each.state === 'running' || each.state === 'waiting').length;
  return (
    <Section
      flush
      title={active > 0 ? `${active} under way` : 'Transfers'}
      actions={
        active < own.length && (
          <Button size="small" look="quiet" onClick={clearTransfers}>
            Clear finished
          </Button>
        )
      }
    >
      <ul className="transfers">
        {own.map((each) => (
          <Row key={each.id} transfer={each} now={now} />
        ))}
      </ul>
    </Section>
  );
}

function Row({ transfer, now }: { transfer: Transfer; now: number }) {
  const { id, kind, title, state, problem, sizeBytes, doneBytes } = transfer;
  return (
    <li>
      <StatusMark tone={state === 'done' ? 'ok' : state === 'failed' ? 'bad' : 'note'} />
      <span className="cut" title={title}>
        {title}
      </span>
      <span className="dim nowrap">{saying(transfer, now)}</span>
      {state === 'running' || state === 'waiting' ? (
        <Button size="small" look="quiet" icon="close" label={`Stop the ${kind} of ${title}`} onClick={() => stopTransfer(id)} />
      ) : (
        <span />
      )}
      {state === 'running' && (
        <progress aria-label={`${kind} of ${title}`} value={sizeBytes ? doneBytes : undefined} max={sizeBytes || undefined} />
      )}
      {problem && (
        <div style={{ gridColumn: '2 / -1' }}>
          <Refusal problem={problem} compact />
        </div>
      )}
    </li>
  );
}

function saying({ state, kind, startedAt, endedAt, doneBytes, sizeBytes }: Transfer, now: number): React.ReactNode {
  if (state === 'waiting') return 'waits for its turn';
  if (state === 'failed') return <Status tone="bad">{kind} failed</Status>;
  if (state === 'stopped') return 'stopped';
  const seconds = Math.max(0.05, ((endedAt ?? now) - startedAt) / 1000);
  const rate = doneBytes / seconds;
  if (state === 'done') return `${bytes(doneBytes)} in ${duration(seconds * 1000)}`;
  const left = sizeBytes !== undefined && rate > 0 ? `, ${duration(((sizeBytes - doneBytes) / rate) * 1000)} left` : '';
  return `${bytes(doneBytes)}${sizeBytes === undefined ? '' : ` of ${bytes(sizeBytes)}`}, ${bytesPerSecond(rate)}${left}`;
}
