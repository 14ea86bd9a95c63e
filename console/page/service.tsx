import { Navigate, Route, Routes, useParams } from 'react-router';
import { useServed, kindByPlural } from '../api/contract.ts';
import { useLink } from '../api/place.ts';
import { LinkButton } from '../part/button.tsx';
import { Empty, Waiting } from '../part/state.tsx';
import { useServicePages } from '../service-registry.ts';
import { KindDetail } from '../view/kind-detail.tsx';
import { KindList } from '../view/kind-list.tsx';
import { ServiceActivity } from '../view/service-activity.tsx';
import { ServiceApi } from '../view/service-api.tsx';
import { ServiceDashboard } from '../view/service-dashboard.tsx';
import { ServiceHead } from '../view/service-head.tsx';
import { ServiceOverview } from '../view/service-overview.tsx';

/** Every page of every service: overview, resources, instruments, activity, derived from its contract. */
export default function Service() {
  const { service = '' } = useParams();
  const served = useServed().value;
  const pages = useServicePages(service);
  const link = useLink();
  const contract = served && Object.hasOwn(served.services, service) ? served.services[service] : undefined;
  if (!contract) {
    return (
      <div className="page">
        <Empty
          icon="search"
          title={`${service} does not run here`}
          action={
            <LinkButton to={link()} look="main">
              Back to home
            </LinkButton>
          }
        >
          Start it with <code>./gamut up --only {service}</code>.
        </Empty>
      </div>
    );
  }
  if (!pages)
    return (
      <div className="page">
        <Waiting />
      </div>
    );
  const shared = { contract, pages };
  return (
    <Routes>
      <Route index element={service === 'platform' ? <Navigate to={link()} replace /> : <ServiceOverview {...shared} />} />
      <Route path="-/activity" element={<ServiceActivity {...shared} />} />
      <Route path="-/dashboard" element={<ServiceDashboard {...shared} />} />
      <Route path="-/api" element={<ServiceApi {...shared} />} />
      {(pages.places ?? []).map(({ path, page: Page }) => (
        <Route
          key={path}
          path={`-/${path}`}
          element={
            <div className="page">
              <ServiceHead contract={contract} />
              <Page />
            </div>
          }
        />
      ))}
      <Route path=":plural" element={<KindRoute {...shared} />} />
      <Route path=":plural/:name/*" element={<KindRoute {...shared} />} />
    </Routes>
  );
}

type Shared = Parameters<typeof ServiceOverview>[0];

function KindRoute({ contract, pages }: Shared) {
  const { plural = '', name } = useParams();
  const link = useLink();
  const kind = kindByPlural(contract, plural);
  if (!kind) {
    return (
      <div className="page">
        <Empty
          icon="search"
          title={`${contract.title} has no ${plural}`}
          action={
            <LinkButton to={link(contract.name)} look="main">
              Back to {contract.title}
            </LinkButton>
          }
        />
      </div>
    );
  }
  const List = owned(pages.lists, plural);
  const One = owned(pages.things, plural);
  if (name !== undefined && One) return <One key={`${plural} ${name}`} name={name} />;
  if (name === undefined && List) {
    return (
      <div className="page">
        <ServiceHead contract={contract} />
        <List />
      </div>
    );
  }
  return name === undefined ? (
    <KindList key={plural} kind={kind} pages={pages} />
  ) : (
    <KindDetail key={`${plural} ${name}`} kind={kind} pages={pages} name={name} />
  );
}

function owned<T>(all: Readonly<Record<string, T>> | undefined, plural: string): T | undefined {
  return all && Object.hasOwn(all, plural) ? all[plural] : undefined;
}
