"""Tenants."""

from __future__ import annotations

from typing import Any

from flowmesh.identity.v1 import role_service_pb2, user_service_pb2
from flowmesh.identity.v1 import tenant_service_pb2 as pb

from tests.integration.identity.directory import Grant, refusal, tenants, user


async def test_a_tenant_from_its_making_to_its_end(root: Any) -> None:
    made = (await root.CreateTenant(pb.CreateTenantRequest(id="north"))).tenant
    assert (await root.GetTenant(pb.GetTenantRequest(id="north"))).tenant == made
    again = root.CreateTenant(pb.CreateTenantRequest(id="north"))
    assert (await refusal(again)).kind == ("ALREADY_EXISTS", "ID_TAKEN")
    request = pb.UpdateTenantRequest(id="north", details=pb.TenantDetails(display_name="North"), etag=made.etag)
    changed = (await root.UpdateTenant(request)).tenant
    assert (changed.details.display_name, changed.etag) == ("North", "2")
    assert (await refusal(root.UpdateTenant(request))).kind == ("ABORTED", "REVISION_CONFLICT")
    await root.DeleteTenant(pb.DeleteTenantRequest(id="north", etag="2"))
    gone = root.GetTenant(pb.GetTenantRequest(id="north"))
    assert (await refusal(gone)).kind == ("NOT_FOUND", "TENANT_NOT_FOUND")


async def test_a_tenant_that_something_names_stays(root: Any) -> None:
    await tenants(root, "north", "south")
    await user(root, "ada", "north")
    details = role_service_pb2.RoleDetails(grants=[Grant(permissions=["jobs.get"], tenant_ids=["south"])])
    await root.CreateRole(role_service_pb2.CreateRoleRequest(id="southern", details=details))
    for name in ("north", "south"):
        refused = await refusal(root.DeleteTenant(pb.DeleteTenantRequest(id=name)))
        assert refused.kind == ("FAILED_PRECONDITION", "TENANT_IN_USE")
    await root.DeleteUser(user_service_pb2.DeleteUserRequest(id="ada"))
    await root.DeleteRole(role_service_pb2.DeleteRoleRequest(id="southern"))
    for name in ("north", "south"):
        await root.DeleteTenant(pb.DeleteTenantRequest(id=name))
    assert not (await root.ListTenants(pb.ListTenantsRequest())).tenants


async def test_lists_have_pages(root: Any) -> None:
    await tenants(root, "a", "b", "c")
    first = await root.ListTenants(pb.ListTenantsRequest(page_size=2))
    rest = await root.ListTenants(pb.ListTenantsRequest(page_size=2, page_token=first.next_page_token))
    assert [one.id for one in (*first.tenants, *rest.tenants)] == ["a", "b", "c"]
    assert not rest.next_page_token
    assert [one.id for one in (await root.ListTenants(pb.ListTenantsRequest(id_prefix="b"))).tenants] == ["b"]
