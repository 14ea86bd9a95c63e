import { useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import { useMay } from '../api/call.ts';
import type { Kind } from '../api/contract.ts';
import { type Listing, type Thing, useListing } from '../api/pages.ts';
import { useLink } from '../api/place.ts';
import { exactCount, plural } from '../format/quantity.ts';
import { sentenceOf } from '../format/word.ts';
import { useAsk } from '../operation/ask.ts';
import { Button } from '../part/button.tsx';
import { Live } from '../part/live.tsx';
import { Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { type Column, sorted, Table } from '../part/table.tsx';
import type { ServicePages } from '../service-page.ts';
import { serviceIcon } from '../shell/rail-group.ts';
import { BulkDelete } from './bulk-delete.tsx';
import { columnsOf } from './kind-column.tsx';
import { ListBar } from './list-bar.tsx';
import { useListView } from './list-view.ts';
import { ServiceHead } from './service-head.tsx';

/** Every resource of one kind. */
export function KindList({ kind, pages }: { kind: Kind; pages: ServicePages }) {
  const ask = useAsk();
  const may = useMay(kind.contract.name);
  const { create } = kind;
  const button = create && may(create.name) && (
    <Button look="main" icon="plus" onClick={() => ask(kind.contract.name, create.name)}>
      {sentenceOf(create.name)}
    </Button>
  );
  return (
    <div className="page">
      <ServiceHead contract={kind.contract} actions={button} />
      <Section flush>
        <ListBody kind={kind} create={button} why={pages.why?.[kind.plural]} />
      </Section>
    </div>
  );
}

function ListBody({ kind, create, why }: { kind: Kind; create: React.ReactNode; why: string | undefined }) {
  const link = useLink();
  const go = useNavigate();
  const view = useListView(`${kind.contract.name}.${kind.name}`);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const all = useListing(kind, '');
  // What is not loaded cannot be searched here, so the platform is asked for names that begin so.
  const byPrefix = all.more && view.filter !== '';
  const asked = useListing(kind, byPrefix ? view.filter : '');
  const listing: Listing = byPrefix ? asked : all;
  const to = (name: string) => link(kind.contract.name, kind.plural, name);
  const columns = useMemo(() => columnsOf(kind, (name) => link(kind.contract.name, kind.plural, name)), [kind, link]);
  const shown = columns.filter((column) => column.key === 'name' || !view.hidden.has(column.key));
  const rows = useMemo(
    () => sorted(filtered(listing.items ?? [], byPrefix ? '' : view.filter, columns), columns, view.sorting),
    [listing.items, byPrefix, view.filter, view.sorting, columns],
  );
  if (!listing.items)
    return listing.problem ? (
      <div className="section-body">
        <Refusal problem={listing.problem} again={listing.again} />
      </div>
    ) : (
      <Waiting />
    );
  if (all.items?.length === 0)
    return (
      <Empty icon={serviceIcon(kind.contract.name)} title={`No ${kind.plural} yet`} action={create}>
        {why ?? kind.resource.text}
      </Empty>
    );
  const choose = (keys: readonly string[], on: boolean) =>
    setChosen((now) => new Set(on ? [...now, ...keys] : [...now].filter((key) => !keys.includes(key))));
  const picked = rows.filter((row) => chosen.has(row.name)).map((row) => row.name);
  return (
    <>
      <ListBar view={view} columns={columns} byPrefix={all.more} aside={<Live {...listing.live} />}>
        {picked.length > 0 && <BulkDelete kind={kind} names={picked} onDone={() => setChosen(new Set())} />}
      </ListBar>
      {listing.problem && (
        <div className="section-body">
          <Refusal problem={listing.problem} again={listing.again} compact />
        </div>
      )}
      <Table
        label={`List of ${kind.plural}`}
        columns={shown}
        rows={rows}
        rowKey={(row) => row.name}
        sorting={view.sorting}
        onSort={view.sort}
        onEnd={listing.loadMore}
        chosen={kind.remove ? chosen : undefined}
        onChoose={kind.remove ? choose : undefined}
        onOpen={kind.get ? (row) => go(to(row.name)) : undefined}
      />
      <div className="table-end">
        <span>
          {exactCount(rows.length)} {plural(rows.length, kind.name.toLowerCase())}
          {listing.more ? ' loaded' : ''}
          {view.filter === '' ? '' : ` that fit “${view.filter}”`}
        </span>
        {listing.more && (
          <Button size="small" onClick={listing.loadMore}>
            Load more
          </Button>
        )}
      </div>
    </>
  );
}

function filtered(items: readonly Thing[], filter: string, columns: readonly Column<Thing>[]): readonly Thing[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items.filter((thing) => {
    const text = [
      thing.name,
      ...columns.map((column) => String(column.by?.(thing) ?? '')),
      ...Object.entries(thing.labels).map(([name, value]) => `${name}=${value}`),
    ]
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
