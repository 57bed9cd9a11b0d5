"""second factor, login by OpenID Connect, sessions that can be listed, lockout per network address"""

import sqlalchemy as sa
from alembic import op

import bot.store.schema

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    when = bot.store.schema.UtcDateTime(timezone=True)
    with op.batch_alter_table('agent', schema=None) as batch_op:
        batch_op.add_column(sa.Column('oidc_subject', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('totp_secret', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('totp_confirmed_at', when, nullable=True))
        batch_op.add_column(sa.Column('totp_last_step', sa.Integer(), nullable=True))
        batch_op.create_index('uq_agent_oidc_subject', ['oidc_subject'], unique=True)
    # Open sessions end: they lack what is now known of each, and everybody logs in anew.
    op.drop_table('agent_session')
    op.create_table('agent_session',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('csrf_token', sa.String(length=64), nullable=False),
    sa.Column('created_at', when, nullable=False),
    sa.Column('last_seen_at', when, nullable=False),
    sa.Column('expires_at', when, nullable=False),
    sa.Column('method', sa.String(length=12), nullable=False),
    sa.Column('client', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_agent_session_agent_id_agent')),
    sa.PrimaryKeyConstraint('token_hash', name=op.f('pk_agent_session'))
    )
    with op.batch_alter_table('agent_session', schema=None) as batch_op:
        batch_op.create_index('ix_agent_session_agent_id', ['agent_id'], unique=False)
    op.create_table('recovery_code',
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('used_at', when, nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_recovery_code_agent_id_agent')),
    sa.PrimaryKeyConstraint('agent_id', 'code_hash', name=op.f('pk_recovery_code'))
    )
    op.create_table('login_address',
    sa.Column('address_hmac', sa.String(length=64), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('since', when, nullable=False),
    sa.PrimaryKeyConstraint('address_hmac', name=op.f('pk_login_address'))
    )


def downgrade() -> None:
    op.drop_table('login_address')
    op.drop_table('recovery_code')
    with op.batch_alter_table('agent_session', schema=None) as batch_op:
        batch_op.drop_index('ix_agent_session_agent_id')
        batch_op.drop_column('client')
        batch_op.drop_column('method')
        batch_op.drop_column('last_seen_at')
        batch_op.drop_column('id')
    with op.batch_alter_table('agent', schema=None) as batch_op:
        batch_op.drop_index('uq_agent_oidc_subject')
        batch_op.drop_column('totp_last_step')
        batch_op.drop_column('totp_confirmed_at')
        batch_op.drop_column('totp_secret')
        batch_op.drop_column('oidc_subject')
