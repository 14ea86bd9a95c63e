import { useState } from 'react';
import { Link, Route, Routes, useNavigate } from 'react-router';
import { useMay } from '../api/call.ts';
import { type KeyThing, ringName, useKeys } from '../api/key.ts';
import { useLink } from '../api/place.ts';
import { useAsk } from '../operation/ask.ts';
import { Button } from '../part/button.tsx';
import { Live } from '../part/live.tsx';
import { PageHead, Section } from '../part/page.tsx';
import { Refusal, Waiting } from '../part/state.tsx';
import { Tag } from '../part/status.tsx';
import { type Column, Table } from '../part/table.tsx';
import { When } from '../part/when.tsx';
import { KeyDetail } from './key-detail.tsx';
import { KeyMenu, KeyStatus } from './key-menu.tsx';
import { type KeyStep, KeyStepDialog } from './key-step.tsx';

/** The keys of the organization, and each of them at its own address. */
export default function Keys() {
  return (
    <Routes>
      <Route index element={<KeyList />} />
      <Route path=":name" element={<KeyDetail />} />
    </Routes>
  );
}

function KeyList() {
  const may = useMay('platform');
  const ask = useAsk();
  const link = useLink();
  const go = useNavigate();
  const [open, setOpen] = useState<{ step: KeyStep; thing: KeyThing }>();
  const reading = useKeys();
  const rows = reading.value?.items;
  const to = (name: string) => link('platform', 'keys', name);
  return (
    <div className="page">
      <PageHead
        title="Keys"
        text="Everything stored here is sealed. What names no key lies under the organization's own ring; a key of its own can be disabled
          or destroyed apart, and with it all that lies under it."
        aside={<Live mode={reading.problem ? 'lost' : 'polled'} heardAt={reading.heardAt} />}
        actions={
          <>
            {may('ImportKey') && <Button onClick={() => ask('platform', 'ImportKey')}>Import a key</Button>}
            {may('CreateKey') && (
              <Button look="main" icon="plus" onClick={() => ask('platform', 'CreateKey')}>
                Create a key
              </Button>
            )}
          </>
        }
      />
      <Section flush>
        {reading.problem && (
          <div className="section-body">
            <Refusal problem={reading.problem} again={reading.again} />
          </div>
        )}
        {!rows && !reading.problem && <Waiting rows={3} />}
        {rows && (
          <Table
            label="Keys"
            columns={columnsFor(to, (step, thing) => setOpen({ step, thing }), may)}
            rows={rows}
            rowKey={(row) => row.name}
            onOpen={(row) => go(to(row.name))}
          />
        )}
      </Section>
      {open && <KeyStepDialog {...open} onClose={() => setOpen(undefined)} />}
    </div>
  );
}

function columnsFor(
  to: (name: string) => string,
  onStep: (step: KeyStep, thing: KeyThing) => void,
  may: (operation: string) => boolean,
): Column<KeyThing>[] {
  return [
    {
      key: 'name',
      title: 'Name',
      show: (thing) => (
        <>
          <Link to={to(thing.name)}>{thing.name}</Link> {thing.name === ringName && <Tag>ring of the organization</Tag>}
        </>
      ),
    },
    { key: 'title', title: 'Title', spare: 1, show: ({ spec }) => <span className="cell-long cut">{spec.title}</span> },
    { key: 'state', title: 'State', show: ({ spec }) => <KeyStatus spec={spec} /> },
    {
      key: 'material',
      title: 'Material',
      spare: 2,
      show: ({ spec }) =>
        spec.versions === 0 ? <span className="faint">–</span> : `version ${spec.versions}${spec.imported ? ', imported' : ''}`,
    },
    { key: 'lease', title: 'Leases', spare: 2, show: ({ spec }) => (spec.strict ? '60 s' : '24 h') },
    { key: 'created', title: 'Created', spare: 2, show: (thing) => <When at={thing.createdAt} /> },
    { key: 'actions', title: '', right: true, show: (thing) => <KeyMenu thing={thing} onStep={onStep} may={may} /> },
  ];
}
