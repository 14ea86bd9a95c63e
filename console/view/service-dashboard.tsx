import type { AnyService } from '#kernel/contract/contract.ts';
import type { ServicePages } from '../service-page.ts';
import { OperationCharts } from './operation-charts.tsx';
import { ServiceHead } from './service-head.tsx';

/** How a service does: its calls, errors and latency. */
export function ServiceDashboard({ contract }: { contract: AnyService; pages: ServicePages }) {
  return (
    <div className="page">
      <ServiceHead contract={contract} />
      <OperationCharts service={contract.name} />
    </div>
  );
}
