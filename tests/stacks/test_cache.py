from collections.abc import Iterator
from ipaddress import ip_network

import pytest
import redis

from orders import cache
from orders.cache_entry import Entry
from tests.support import caches

REDIS_PORT = 6379


def test_the_network_has_no_internet_access(with_cache):
    types = {resource["Type"] for resource in with_cache.resources("AWS::EC2::").values()}

    assert types == {
        "AWS::EC2::VPC",
        "AWS::EC2::Subnet",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPCEndpoint",
        "AWS::EC2::SecurityGroup",
    }, "a route, a gateway or an address would be a further type"
    subnets = with_cache.properties("AWS::EC2::Subnet").values()
    assert len(subnets) == 2
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    assert len({str(subnet["AvailabilityZone"]) for subnet in subnets}) == 2


def test_each_subnet_has_addresses_of_its_own_and_a_route_table(with_cache):
    network = ip_network(with_cache.only("AWS::EC2::VPC")["CidrBlock"])
    subnets = with_cache.properties("AWS::EC2::Subnet")
    one, other = (ip_network(subnet["CidrBlock"]) for subnet in subnets.values())
    routed = with_cache.properties("AWS::EC2::SubnetRouteTableAssociation").values()

    assert one.subnet_of(network) and other.subnet_of(network) and not one.overlaps(other)
    assert {with_cache.named("Cache", pair["SubnetId"]) for pair in routed} == subnets.keys()
    assert len({str(pair["RouteTableId"]) for pair in routed}) == 2


def test_the_network_resolves_names_of_aws_and_costs_no_hosts_of_its_own(with_cache):
    network = with_cache.only("AWS::EC2::VPC")

    # The gateway endpoints and the cache are found by names.
    assert network["EnableDnsSupport"] is network["EnableDnsHostnames"] is True
    assert network["InstanceTenancy"] == "default"


@pytest.mark.parametrize(
    ("id", "service", "action", "condition"),
    [
        ("DynamoDb", "dynamodb", "dynamodb:GetItem", "aws:PrincipalAccount"),
        ("S3", "s3", "s3:GetObject", "s3:ResourceAccount"),
    ],
)
def test_the_network_allows_only_reads_in_this_account(with_cache, id, service, action, condition):
    endpoints = with_cache.properties("AWS::EC2::VPCEndpoint")
    endpoint = endpoints[f"Cache/Vpc/{id}"]
    tables = {with_cache.named("Cache", table) for table in endpoint["RouteTableIds"]}
    (statement,) = endpoint["PolicyDocument"]["Statement"]

    assert len(endpoints) == 2
    assert with_cache.named("Cache", endpoint["ServiceName"]) == f"com.amazonaws.${{AWS::Region}}.{service}"
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert len(tables) == len(with_cache.resources("AWS::EC2::RouteTable")) == 2
    assert (statement["Effect"], statement["Action"]) == ("Allow", action)
    assert statement["Condition"] == {"StringEquals": {condition: {"Ref": "AWS::AccountId"}}}


def test_only_clients_reach_the_cache_and_it_reaches_nobody(with_cache):
    groups = with_cache.properties("AWS::EC2::SecurityGroup")
    server, client = groups["Cache/SecurityGroup"], groups["Cache/ClientSecurityGroup"]
    (entrance,) = server["SecurityGroupIngress"]

    assert with_cache.named("Cache", entrance["SourceSecurityGroupId"]) == "Cache/ClientSecurityGroup.GroupId"
    assert entrance["FromPort"] == entrance["ToPort"] == REDIS_PORT
    assert {rule["IpProtocol"] for rule in (entrance, *client["SecurityGroupEgress"])} == {"tcp"}
    # CDK writes "no address" like this. A group without any rule has AWS's default, which allows all addresses.
    assert [rule["CidrIp"] for rule in server["SecurityGroupEgress"]] == ["255.255.255.255/32"]
    assert "SecurityGroupIngress" not in client
    assert [(rule["CidrIp"], rule["FromPort"], rule["ToPort"]) for rule in client["SecurityGroupEgress"]] == [
        ("0.0.0.0/0", 443, 443),
        ("10.0.0.0/16", REDIS_PORT, REDIS_PORT),
    ]


def test_the_lookup_is_a_client_of_the_cache(with_cache):
    network = with_cache.properties("AWS::Lambda::Function")["Orders/GetOrder"]["VpcConfig"]
    (group,) = network["SecurityGroupIds"]

    assert "ClientSecurityGroup" in with_cache.named("Orders", group)
    assert all("Isolated" in with_cache.named("Orders", subnet) for subnet in network["SubnetIds"])


def test_the_cache_is_created_after_its_user_group(with_cache):
    """The cache names the group in plain text. Without the dependency CloudFormation would create both at once."""
    cache = with_cache.resources("AWS::ElastiCache::ReplicationGroup")["Cache/Redis"]
    (users,) = with_cache.resources("AWS::ElastiCache::UserGroup")

    assert users in [with_cache.path("Cache", name) for name in cache["DependsOn"]]


def test_the_user_group_is_created_after_its_users(with_cache):
    """The group names its users in plain text, too."""
    (group,) = with_cache.resources("AWS::ElastiCache::UserGroup").values()
    users = with_cache.properties("AWS::ElastiCache::User")

    assert {with_cache.path("Cache", name) for name in group["DependsOn"]} == users.keys()
    assert sorted(group["Properties"]["UserIds"]) == sorted(user["UserId"] for user in users.values())


def test_a_replica_takes_over_if_the_primary_fails(with_cache):
    group = with_cache.only("AWS::ElastiCache::ReplicationGroup")

    assert group["NumCacheClusters"] == 2
    assert group["AutomaticFailoverEnabled"] is group["MultiAZEnabled"] is True
    (subnets,) = with_cache.properties("AWS::ElastiCache::SubnetGroup").values()
    assert len(subnets["SubnetIds"]) == 2


def test_the_cache_is_the_redis_that_the_security_group_lets_clients_reach(with_cache):
    group = with_cache.only("AWS::ElastiCache::ReplicationGroup")

    assert (group["Engine"], group["Port"]) == ("redis", REDIS_PORT)
    # IAM sign-in needs 7.0. https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
    assert float(group["EngineVersion"]) >= 7
    assert with_cache.named("Cache", group["CacheSubnetGroupName"]) == "Cache/SubnetGroup"
    assert [with_cache.named("Cache", one) for one in group["SecurityGroupIds"]] == ["Cache/SecurityGroup.GroupId"]
    (users,) = with_cache.properties("AWS::ElastiCache::UserGroup").values()
    engines = {user["Engine"] for user in with_cache.properties("AWS::ElastiCache::User").values()}
    assert {users["Engine"], *engines} == {"redis"}


def test_every_stage_has_its_own_node_type_and_encryption(with_cache):
    stage = with_cache.stage
    group = with_cache.only("AWS::ElastiCache::ReplicationGroup")
    variables = with_cache.properties("AWS::Lambda::Function")["Orders/GetOrder"]["Environment"]["Variables"]

    assert group["CacheNodeType"] == stage.cache.node_type
    assert group["AtRestEncryptionEnabled"] is True
    encrypted = stage.cache.encrypted_in_transit
    assert group["TransitEncryptionEnabled"] is encrypted
    assert group.get("UserGroupIds") == ([f"{stage.name}-cache-users"] if encrypted else None)
    address = f"rediss://{stage.name}-cache-orders@" if encrypted else "redis://"
    url = with_cache.named("Orders", variables["REDIS_URL"])
    assert url.startswith(f"{address}Cache/Redis.PrimaryEndPoint.Address")


def test_users_have_no_passwords_and_the_default_user_may_do_nothing(with_cache):
    users = {user["UserName"]: user for user in with_cache.properties("AWS::ElastiCache::User").values()}
    members = with_cache.only("AWS::ElastiCache::UserGroup")["UserIds"]
    default = users.pop("default")

    assert default["AccessString"] == "off ~* resetchannels -@all"
    # ElastiCache refuses a user that says nothing about passwords.
    assert default["AuthenticationMode"] == {"Type": "no-password-required"}
    assert users.keys() == {f"{with_cache.stage.name}-cache-{name}" for name in ("orders", "operators")}
    for user in users.values():
        assert user["AuthenticationMode"] == {"Type": "iam"}
        assert user["UserId"] == user["UserName"] == user["UserName"].lower(), (
            "IAM sign-in requires an id that is the name in lower case"
        )
    assert not [user for user in (default, *users.values()) if "Passwords" in user]
    assert set(members) == {user["UserId"] for user in (default, *users.values())}


@pytest.mark.parametrize("function", ["GetOrder", "UpdateCache"])
def test_functions_that_use_the_cache_may_sign_in_to_it(function, with_cache):
    statements = [
        one
        for role, one in with_cache.statements()
        if role == f"Orders/{function}Role" and "elasticache:Connect" in one["Action"]
    ]
    if not with_cache.stage.cache.encrypted_in_transit:
        assert statements == [], "a cache without encryption has no sign-in"
        return
    (statement,) = statements
    account = "arn:${AWS::Partition}:elasticache:${AWS::Region}:${AWS::AccountId}"
    name = f"{with_cache.stage.name}-cache"

    group, user = statement["Resource"]
    assert group == f"{account}:replicationgroup:Cache/Redis"
    assert user == f"{account}:user:{name}-orders"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with caches.running() as valkey:
        yield f"127.0.0.1:{valkey.port}"


@pytest.fixture
def operator(server, synthesised) -> Iterator[redis.Redis]:
    """An administrator of a server with the template's users. It accepts any password, because there is no IAM."""
    users = synthesised("dev").properties("AWS::ElastiCache::User").values()
    with redis.Redis.from_url(f"redis://{server}") as operator:
        operator.flushall()
        operator.acl_log_reset()
        for user in users:
            if user["UserName"] != "default":
                rights = user["AccessString"].split()
                operator.execute_command("ACL", "SETUSER", user["UserName"], "reset", *rights, "nopass")
        yield operator


@pytest.fixture
def environment(server, monkeypatch) -> Iterator[None]:
    """The environment of a function on AWS, without TLS."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("REDIS_NAME", "dev-redis")
    monkeypatch.setenv("CACHE_BUDGET_MS", "2000")
    monkeypatch.setenv("REDIS_URL", f"redis://dev-cache-orders@{server}")
    with caches.clients_closed():
        yield


def test_the_functions_user_may_do_what_the_lookup_does(operator, environment):
    entry = Entry(None, 60_000)

    before = cache.lookup("A-1", lambda: entry)
    cache.put("A-2", entry)

    assert before == (None, "MISS")
    assert [cache.lookup(order_id, lambda: entry) for order_id in ("A-1", "A-2")] == [(None, "HIT")] * 2
    assert {client["user"] for client in operator.client_list()} == {"default", "dev-cache-orders"}
    assert operator.acl_log() == []


@pytest.mark.parametrize(
    "command",
    [
        "GET other",
        "SET other x",
        "KEYS *",
        "SCAN 0",
        "FLUSHALL",
        "CONFIG GET *",
        "ACL WHOAMI",
        "INFO",
        "CLIENT LIST",
        "PUBLISH orders x",
        "EVAL return(1) 0",
        "EXPIRE order:A-1 1",
        "APPEND order:A-1 x",
    ],
)
def test_the_functions_user_may_run_no_other_command(command, server, operator):
    with redis.Redis.from_url(f"redis://dev-cache-orders:x@{server}") as user:
        with pytest.raises(redis.exceptions.NoPermissionError):
            user.execute_command(*command.split())


def test_operators_may_insert_check_and_delete_any_key_and_nothing_else(server, operator):
    with redis.Redis.from_url(f"redis://dev-cache-operators:x@{server}") as user:
        assert user.set("age", "25")
        assert user.get("age") == b"25"
        assert user.delete("age") == 1
        with pytest.raises(redis.exceptions.NoPermissionError):
            user.keys("*")
