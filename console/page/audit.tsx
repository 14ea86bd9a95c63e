import { useState } from 'react';
import { Route, Routes } from 'react-router';
import { useMay } from '../api/call.ts';
import { useLink, usePlace } from '../api/place.ts';
import { Button } from '../part/button.tsx';
import { PageHead, Tabs } from '../part/page.tsx';
import { AuditList } from '../view/audit-list.tsx';
import { AuditExport } from './audit-export.tsx';
import { AuditLog } from './audit-log.tsx';
import { AuditProof } from './audit-proof.tsx';

/** The audit log of the organization: its records, the proof of each, and of the whole. */
export default function Audit() {
  return (
    <Routes>
      <Route path=":sequence" element={<AuditProof />} />
      <Route path="*" element={<Places />} />
    </Routes>
  );
}

function Places() {
  const { organization } = usePlace();
  const link = useLink();
  const may = useMay('platform');
  const [exporting, setExporting] = useState(false);
  const at = (...rest: readonly string[]) => link('platform', 'audit', ...rest);
  return (
    <div className="page">
      <PageHead
        title="Activity"
        text="Every operation on this organization: who asked for it, on what, and how it ended. Management and refusals are written
          before they are answered; reads are counted by the second."
        actions={
          may('ExportAudit') && (
            <Button icon="download" onClick={() => setExporting(true)}>
              Export
            </Button>
          )
        }
      />
      <Tabs
        label="Activity"
        tabs={[
          { to: at(), label: 'Records', end: true },
          { to: at('-', 'log'), label: 'Proof of the log' },
        ]}
      />
      <Routes>
        <Route index element={<AuditList what={organization.title || organization.name} />} />
        <Route path="-/log" element={<AuditLog />} />
      </Routes>
      {exporting && <AuditExport onClose={() => setExporting(false)} />}
    </div>
  );
}
