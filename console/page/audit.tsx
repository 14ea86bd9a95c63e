import { PageHead } from '../part/page.tsx';
import { usePlace } from '../api/place.ts';
import { AuditList } from '../view/audit-list.tsx';

/** The audit log of the organization. */
export default function Audit() {
  const { organization } = usePlace();
  return (
    <div className="page">
      <PageHead
        title="Activity"
        text="Every operation on this organization: who asked for it, on what, and how it ended. Management and refusals are written
          before they are answered; reads are counted by the second."
      />
      <AuditList what={organization.title || organization.name} />
    </div>
  );
}
