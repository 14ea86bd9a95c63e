import type { Stream } from '../api/stream.ts';
import { exactCount, plural } from '../format/quantity.ts';
import { Button } from '../part/button.tsx';
import { Live } from '../part/live.tsx';
import { Section } from '../part/page.tsx';
import { Refusal, Waiting } from '../part/state.tsx';
import { type Column, Table } from '../part/table.tsx';

type Props<Row extends { readonly sequence: number }> = {
  readonly stream: Stream<Row>;
  readonly label: string;
  /** What one row is called. */
  readonly noun: string;
  readonly columns: readonly Column<Row>[];
  /** What narrows the list, left of its state. */
  readonly bar: React.ReactNode;
  /** What an empty list says. */
  readonly empty: React.ReactNode;
  readonly onOpen?: (row: Row) => void;
  readonly title?: string;
};

/** A log: its filters, its rows newest first, followed while it is shown, and older ones on demand. */
export function StreamList<Row extends { readonly sequence: number }>(props: Props<Row>) {
  const { stream, label, noun, columns, bar, empty, onOpen, title } = props;
  const { items, problem } = stream;
  return (
    <Section flush title={title}>
      <div className="table-bar">
        {bar}
        <span className="grow" />
        <Live mode={problem ? 'lost' : 'live'} heardAt={stream.heardAt} />
      </div>
      {problem && (
        <div className="section-body">
          <Refusal problem={problem} again={stream.again} />
        </div>
      )}
      {!items && !problem && <Waiting rows={8} />}
      {items?.length === 0 && !stream.more && empty}
      {items && items.length > 0 && (
        <>
          <Table
            label={label}
            columns={columns}
            rows={items}
            rowKey={(row) => String(row.sequence)}
            onOpen={onOpen}
            onEnd={stream.loadMore}
          />
          <div className="table-end">
            <span>
              {exactCount(items.length)} {plural(items.length, noun)}
            </span>
            {stream.more && (
              <Button size="small" busy={stream.busy} onClick={stream.loadMore}>
                Older
              </Button>
            )}
          </div>
        </>
      )}
    </Section>
  );
}
