import { useEffect } from 'react';
import { Navigate, useNavigate } from 'react-router';
import { useApi, useContract } from '../api/call.ts';
import { firstPlace, rootOf } from '../api/place.ts';
import { readSession, signOut, useSession } from '../api/session.ts';
import { SchemaForm } from '../form/schema-form.tsx';
import { Waiting } from '../part/state.tsx';
import { Lone } from './lone.tsx';

/** Shown to who is signed in and belongs nowhere yet. */
export default function Welcome() {
  const session = useSession();
  const api = useApi();
  const go = useNavigate();
  const operation = useContract('platform')?.operations.CreateOrganization;
  useEffect(() => {
    document.title = 'Welcome · Gamut';
  }, []);
  const place = firstPlace(session);
  if (place) return <Navigate to={rootOf(place)} replace />;
  const leave = (
    <button type="button" className="lone-switch" onClick={() => void signOut().then(() => go('/login'))}>
      Sign out
    </button>
  );
  const create = async (input: Readonly<Record<string, unknown>>) => {
    await api.call('platform', 'CreateOrganization', '', input);
    await readSession();
  };
  return (
    <Lone
      title="Make your organization"
      text="It holds your projects, people, keys and bill, apart from everybody else's. A first project with a live
        and a test environment comes with it."
      foot={leave}
    >
      {operation ? <SchemaForm schema={operation.input} omit={['regions']} verb="Make it" onSubmit={create} /> : <Waiting rows={2} />}
    </Lone>
  );
}
