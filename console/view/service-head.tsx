import type { AnyService } from '#kernel/contract/contract.ts';
import { kindsOf } from '../api/contract.ts';
import { useLink } from '../api/place.ts';
import { titleOf } from '../format/word.ts';
import { PageHead, Tabs } from '../part/page.tsx';

/** The head of a service's pages: overview, each kind of resource, activity, API. */
export function ServiceHead({ contract, actions, aside }: { contract: AnyService; actions?: React.ReactNode; aside?: React.ReactNode }) {
  const link = useLink();
  const kinds = kindsOf(contract).filter((kind) => kind.list);
  return (
    <>
      <PageHead title={contract.title} text={contract.text} actions={actions} aside={aside} />
      <Tabs
        label={contract.title}
        tabs={[
          { to: link(contract.name), label: 'Overview', end: true },
          ...kinds.map((kind) => ({ to: link(contract.name, kind.plural), label: titleOf(kind.plural), end: true })),
          { to: link(contract.name, '-', 'activity'), label: 'Activity' },
          { to: link(contract.name, '-', 'api'), label: 'API' },
        ]}
      />
    </>
  );
}
