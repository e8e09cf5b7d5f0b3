"""The Redis cache of the orders app, in its own network without internet access."""

from aws_cdk import ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.stage import CacheSettings

ADDRESSES = "10.0.0.0/16"
REDIS_PORT = 6379


class CacheStack(Stack):
    """A VPC with isolated subnets only, and a replication group that only `client_security_group` may reach.

    `client_environment` holds the environment variables of functions that use the cache. `REDIS_URL` is
    `rediss://user@host:6379` with TLS and sign-in, or `redis://host:6379` without. `grant_connect` lets a role sign in.
    `nodes` are the ids of the two nodes, as ElastiCache makes them.

    See decision D055.
    """

    def __init__(self, scope: Construct, id: str, *, settings: CacheSettings, stack_name: str) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        # Network
        self.vpc = self._network()
        self.client_security_group, security_group = self._security_groups()

        # Users
        # ElastiCache does not generate names for users and groups. A user who signs in with IAM needs a name in lower
        # case, and an id equal to the name.
        self._functions = self._user("User", name=f"{stack_name}-orders", access="~order:* ~lock:* +get +set")
        operators = self._user("OperatorUser", name=f"{stack_name}-operators", access="~* +get +set +del")
        users = self._user_group(self._functions, operators)

        # Redis
        self._replication_group = self._redis(settings, users=users, security_group=security_group)

        # Outputs, and the environment of functions
        address = (
            f"{self._replication_group.attr_primary_end_point_address}"
            f":{self._replication_group.attr_primary_end_point_port}"
        )
        self._has_sign_in = settings.encrypted_in_transit
        sign_in = f"rediss://{self._functions.user_name}@" if self._has_sign_in else "redis://"
        self.client_environment = {
            "REDIS_URL": sign_in + address,
            "REDIS_NAME": self._replication_group.ref,
            "CACHE_BUDGET_MS": str(settings.budget_ms),
        }
        # ElastiCache names the nodes so.
        self.nodes = {f"Node{number}": f"{self._replication_group.ref}-00{number}" for number in (1, 2)}
        CfnOutput(self, "RedisAddress", value=address)
        CfnOutput(self, "RedisName", value=self._replication_group.ref)
        CfnOutput(self, "RedisOperator", value=operators.user_id)

    def grant_connect(self, grantee: iam.IGrantable) -> None:
        """Lets `grantee` sign in to the cache as the Redis user of the functions, if the cache has a sign-in."""
        if not self._has_sign_in:
            return
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["elasticache:Connect"],
            resource_arns=[
                self._arn("replicationgroup", self._replication_group.ref),
                self._arn("user", self._functions.user_id),
            ],
        )

    def _network(self) -> ec2.Vpc:
        """A VPC with isolated subnets, whose gateway endpoints allow only the calls that are needed."""
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(ADDRESSES),
            max_azs=2,
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)
            ],
        )
        dynamodb = vpc.add_gateway_endpoint("DynamoDb", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        dynamodb.add_to_policy(
            # Allows one call, the lookup's read after a cache miss. This policy cannot name the table, whose stack
            # depends on this one. The role of the function names it.
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=["dynamodb:GetItem"],
                resources=["*"],
                conditions={"StringEquals": {"aws:PrincipalAccount": self.account}},
            )
        )
        s3 = vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        s3.add_to_policy(
            # Lets you copy programs from the account's buckets into the network (docs/redis.md).
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=["s3:GetObject"],
                resources=["*"],
                conditions={"StringEquals": {"s3:ResourceAccount": self.account}},
            )
        )
        return vpc

    def _security_groups(self) -> tuple[ec2.SecurityGroup, ec2.SecurityGroup]:
        """The security group of the cache's clients, and the security group of the cache."""
        clients = ec2.SecurityGroup(
            self,
            "ClientSecurityGroup",
            vpc=self.vpc,
            description="Functions that use the cache",
            allow_all_outbound=False,
        )
        # Gateway endpoints have public addresses. The subnets have no route to any other public address.
        clients.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "The gateway endpoints")
        clients.add_egress_rule(ec2.Peer.ipv4(ADDRESSES), ec2.Port.tcp(REDIS_PORT), "The cache")
        cache = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=self.vpc, description="The cache", allow_all_outbound=False
        )
        # Naming the client group by id keeps the rule inside the cache's group. A rule that is a separate resource
        # cannot be deployed to the laptop cloud.
        # See decision D104.
        cache.add_ingress_rule(
            ec2.Peer.security_group_id(clients.security_group_id),
            ec2.Port.tcp(REDIS_PORT),
            "Functions that use the cache",
        )
        return clients, cache

    def _user(self, id: str, *, name: str, access: str) -> elasticache.CfnUser:
        """A Redis user who signs in with IAM. `access` lists the allowed keys and commands in Redis's ACL syntax.

        See decision D054.
        """
        return elasticache.CfnUser(
            self,
            id,
            engine="redis",
            user_id=name,
            user_name=name,
            authentication_mode={"Type": "iam"},
            # CLIENT SETINFO, with which clients name themselves, cannot be allowed: this engine version lacks it.
            access_string=f"on resetchannels -@all {access}",
        )

    def _user_group(self, *members: elasticache.CfnUser) -> elasticache.CfnUserGroup:
        # Every Redis user group needs a user "default". Redis treats clients that do not sign in as this user, so it
        # may do nothing.
        nobody = elasticache.CfnUser(
            self,
            "DefaultUser",
            engine="redis",
            user_id=f"{self.stack_name}-default",
            user_name="default",
            authentication_mode={"Type": "no-password-required"},
            access_string="off ~* resetchannels -@all",
        )
        everybody = [*members, nobody]
        users = elasticache.CfnUserGroup(
            self,
            "UserGroup",
            engine="redis",
            user_group_id=f"{self.stack_name}-users",
            user_ids=[user.user_id for user in everybody],
        )
        for user in everybody:
            users.add_resource_dependency(user)
        return users

    def _redis(
        self, settings: CacheSettings, *, users: elasticache.CfnUserGroup, security_group: ec2.ISecurityGroup
    ) -> elasticache.CfnReplicationGroup:
        subnets = elasticache.CfnSubnetGroup(
            self,
            "SubnetGroup",
            description="The isolated subnets",
            subnet_ids=self.vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids,
        )
        replication_group = elasticache.CfnReplicationGroup(
            self,
            "Redis",
            replication_group_description="Order lookups",
            engine="redis",
            engine_version="7.1",
            cache_node_type=settings.node_type,
            num_cache_clusters=2,
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            port=REDIS_PORT,
            cache_subnet_group_name=subnets.ref,
            security_group_ids=[security_group.security_group_id],
            at_rest_encryption_enabled=True,
            transit_encryption_enabled=settings.encrypted_in_transit,
            user_group_ids=[users.user_group_id] if settings.encrypted_in_transit else None,
        )
        replication_group.add_resource_dependency(users)
        # The table has everything that the cache holds.
        replication_group.apply_removal_policy(RemovalPolicy.DESTROY)
        return replication_group

    def _arn(self, resource: str, name: str) -> str:
        return self.format_arn(
            service="elasticache", resource=resource, resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
