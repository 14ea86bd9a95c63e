import type { AnyService } from '#kernel/contract/contract.ts';
import { useApi, useMay } from '../api/call.ts';
import { useLink } from '../api/place.ts';
import { titleOf } from '../format/word.ts';
import { PageHead, Tabs } from '../part/page.tsx';
import { useServicePages } from '../service-registry.ts';
import { orderedKinds } from './kind-order.ts';

/** The head of a service's pages: overview, each kind of resource, activity, API. */
export function ServiceHead({ contract, actions, aside }: { contract: AnyService; actions?: React.ReactNode; aside?: React.ReactNode }) {
  const link = useLink();
  const pages = useServicePages(contract.name);
  const may = useMay(contract.name);
  // Telemetry's own operations stand among those of all services.
  const measured = useApi().has('telemetry', 'ListOperations') && contract.name !== 'telemetry';
  // The platform's own kinds have pages of their own in the rail.
  const kinds = contract.name === 'platform' ? [] : orderedKinds(contract, pages).filter((kind) => kind.list);
  return (
    <>
      <PageHead title={contract.title} text={contract.text} actions={actions} aside={aside} />
      <Tabs
        label={contract.title}
        tabs={[
          ...(contract.name === 'platform' ? [] : [{ to: link(contract.name), label: 'Overview', end: true }]),
          ...kinds.map((kind) => ({ to: link(contract.name, kind.plural), label: titleOf(kind.plural), end: true })),
          ...(pages?.places ?? [])
            .filter(({ operation }) => may(operation))
            .map(({ path, title }) => ({ to: link(contract.name, '-', path), label: title })),
          ...(measured ? [{ to: link(contract.name, '-', 'dashboard'), label: 'Dashboard' }] : []),
          { to: link(contract.name, '-', 'activity'), label: 'Activity' },
          { to: link(contract.name, '-', 'api'), label: 'API' },
        ]}
      />
    </>
  );
}
