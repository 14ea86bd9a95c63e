import { useState } from 'react';
import { Link, Route, Routes, useNavigate } from 'react-router';
import { useMay } from '../api/call.ts';
import { useLink } from '../api/place.ts';
import { type PolicyThing, usePolicies } from '../api/policy.ts';
import { Button, LinkButton } from '../part/button.tsx';
import { PageHead, Section, Tabs } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { type Column, Table } from '../part/table.tsx';
import { CustomRoles } from './custom-roles.tsx';
import { GuardRails } from './guard-rails.tsx';
import { policyColumns } from './policy-column.tsx';
import { PolicyDelete } from './policy-delete.tsx';
import { PolicyEdit } from './policy-edit.tsx';
import { PolicyExplain } from './policy-explain.tsx';

/** What the organization decides itself: its policies, its roles, and why something is allowed or refused. */
export default function Policies() {
  return (
    <Routes>
      <Route path="-/new" element={<PolicyEdit />} />
      <Route path=":name" element={<PolicyEdit />} />
      <Route path="*" element={<PolicyPlaces />} />
    </Routes>
  );
}

function PolicyPlaces() {
  const link = useLink();
  const may = useMay('platform');
  const at = (...rest: readonly string[]) => link('platform', 'policies', ...rest);
  return (
    <div className="page">
      <PageHead
        title="Policy"
        text="Roles give; policies give or forbid more finely, in Cedar. What is forbidden anywhere is forbidden, and what nothing permits
          is refused. A change holds everywhere within a second."
        actions={
          may('CreatePolicy') && (
            <LinkButton look="main" icon="plus" to={at('-', 'new')}>
              Write a policy
            </LinkButton>
          )
        }
      />
      <Tabs
        label="Policy"
        tabs={[
          { to: at(), label: 'Policies', end: true },
          { to: at('-', 'roles'), label: 'Roles' },
          { to: at('-', 'explain'), label: 'Explain' },
          ...(may('ListGuardRails') ? [{ to: at('-', 'guard-rails'), label: 'Guard-rails' }] : []),
        ]}
      />
      <Routes>
        <Route index element={<PolicyList />} />
        <Route path="-/roles" element={<CustomRoles />} />
        <Route path="-/explain" element={<PolicyExplain />} />
        <Route path="-/guard-rails" element={<GuardRails />} />
      </Routes>
    </div>
  );
}

function PolicyList() {
  const link = useLink();
  const go = useNavigate();
  const may = useMay('platform');
  const [removing, setRemoving] = useState<PolicyThing>();
  const reading = usePolicies('ListPolicies');
  const rows = reading.value?.items;
  const to = (name: string) => link('platform', 'policies', name);
  const actions: Column<PolicyThing> = {
    key: 'actions',
    title: '',
    right: true,
    show: (row) =>
      may('DeletePolicy') && (
        <Button size="small" look="quiet" icon="trash" label={`Delete ${row.name}`} onClick={() => setRemoving(row)} />
      ),
  };
  return (
    <Section flush>
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {!rows && !reading.problem && <Waiting rows={3} />}
      {rows?.length === 0 && (
        <Empty
          icon="policy"
          title="No policies yet"
          action={
            may('CreatePolicy') && (
              <LinkButton look="main" icon="plus" to={link('platform', 'policies', '-', 'new')}>
                Write a policy
              </LinkButton>
            )
          }
        >
          Roles alone decide here. A policy lets one program write one bucket, or asks everybody for a second factor before keys are
          touched.
        </Empty>
      )}
      {rows && rows.length > 0 && (
        <Table
          label="Policies"
          columns={[...policyColumns((row) => <Link to={to(row.name)}>{row.name}</Link>), actions]}
          rows={rows}
          rowKey={(row) => row.name}
          onOpen={(row) => go(to(row.name))}
        />
      )}
      {removing && <PolicyDelete operation="DeletePolicy" name={removing.name} onClose={() => setRemoving(undefined)} />}
    </Section>
  );
}
