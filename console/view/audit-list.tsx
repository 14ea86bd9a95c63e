import { useMemo, useState } from 'react';
import type { AuditFilter, AuditRecord } from '../api/audit.ts';
import { usePrincipalNames } from '../api/member.ts';
import { useLink } from '../api/place.ts';
import { Amount } from '../part/amount.tsx';
import { LinkButton } from '../part/button.tsx';
import { Empty } from '../part/state.tsx';
import type { Column } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { AuditFilterBar, type AuditView, filterOf } from './audit-filter.tsx';
import { Outcome } from './outcome.tsx';
import { RecordDialog } from './record-dialog.tsx';
import { useRecords } from './records.ts';
import { StreamList } from './stream-list.tsx';

/** What was done, newest first, followed while it is shown. `fixed` narrows it to one service or thing for good. */
export function AuditList({ fixed = {}, what }: { fixed?: AuditFilter; what: string }) {
  const [view, setView] = useState<AuditView>({ service: '', operation: '', resource: '', span: 'all' });
  const [open, setOpen] = useState<AuditRecord>();
  const filter = useMemo(() => ({ ...filterOf(view), ...fixed }), [view, fixed.service, fixed.resource]);
  const [reads, setReads] = useState(false);
  const stream = useRecords(filter, reads);
  const nameOf = usePrincipalNames();
  const link = useLink();
  const columns = useMemo(() => auditColumns(nameOf, setOpen, fixed), [nameOf, fixed.service, fixed.resource]);
  const bar = (
    <>
      <AuditFilterBar view={view} onChange={setView} fixed={fixed} />
      <label className="row nowrap">
        <input type="checkbox" className="tick" checked={reads} onChange={() => setReads(!reads)} />
        Reads too
      </label>
    </>
  );
  const empty = (
    <Empty icon="audit" title={reads ? 'Nothing recorded yet' : 'Nothing was changed or refused yet'}>
      What is done to {what} is written here, with who did it and how it ended.
    </Empty>
  );
  return (
    <>
      <StreamList stream={stream} label="Records" noun="record" columns={columns} bar={bar} empty={empty} onOpen={setOpen} />
      {open && (
        <RecordDialog title={`${open.service}.${open.operation}`} record={open} onClose={() => setOpen(undefined)}>
          <LinkButton icon="shield" to={link('platform', 'audit', String(open.sequence))}>
            Prove it
          </LinkButton>
        </RecordDialog>
      )}
    </>
  );
}

function auditColumns(
  nameOf: (principal: string) => string,
  open: (record: AuditRecord) => void,
  fixed: AuditFilter,
): Column<AuditRecord>[] {
  const columns: Column<AuditRecord>[] = [
    { key: 'at', title: 'When', width: '110px', show: (record) => <When at={record.at} /> },
    {
      key: 'operation',
      title: 'Operation',
      show: (record) => (
        <button type="button" className="cell-button" onClick={() => open(record)}>
          {fixed.service === undefined && <span className="faint cell-above">{record.service}.</span>}
          {record.operation}
        </button>
      ),
    },
    {
      key: 'resource',
      title: 'Resource',
      spare: 1,
      show: (record) => (
        <span className="cell-long cut" title={`${record.kind} ${record.name}`}>
          {record.name || <span className="faint">{record.kind}</span>}
        </span>
      ),
    },
    {
      key: 'who',
      title: 'Who',
      spare: 1,
      show: (record) => (
        <span className="cell-long cut" title={record.principal}>
          {nameOf(record.principal)}
        </span>
      ),
    },
    { key: 'outcome', title: 'Outcome', show: (record) => <Outcome outcome={record.outcome} gap={record.gap} /> },
    { key: 'count', title: 'Times', right: true, spare: 2, show: (record) => record.count.toLocaleString('en') },
    {
      key: 'bytes',
      title: 'Bytes',
      right: true,
      spare: 2,
      show: (record) => (record.bytes === 0 ? <span className="faint">–</span> : <Amount value={record.bytes} unit="byte" />),
    },
  ];
  return fixed.resource === undefined ? columns : columns.filter((column) => column.key !== 'resource');
}
