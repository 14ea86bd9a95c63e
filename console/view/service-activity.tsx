import type { AnyService } from '#kernel/contract/contract.ts';
import type { ServicePages } from '../service-page.ts';
import { AuditList } from './audit-list.tsx';
import { ServiceHead } from './service-head.tsx';

/** What was done in one service. */
export function ServiceActivity({ contract }: { contract: AnyService; pages: ServicePages }) {
  return (
    <div className="page">
      <ServiceHead contract={contract} />
      <AuditList fixed={{ service: contract.name }} what={contract.title.toLowerCase()} />
    </div>
  );
}
