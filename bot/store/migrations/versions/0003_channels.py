"""channels: parts and delivery states, taken deliveries, stopped addresses, codes to continue elsewhere"""

import sqlalchemy as sa
from alembic import op

import bot.store.schema

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    when = bot.store.schema.UtcDateTime(timezone=True)
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.add_column(sa.Column('stopped_at', when, nullable=True))
        batch_op.add_column(sa.Column('stop_reason', sa.String(length=32), nullable=True))
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.alter_column('channel', new_column_name='account', type_=sa.String(length=64), existing_type=sa.String(length=32),
                              existing_nullable=False)
        batch_op.add_column(sa.Column('parts_sent', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('updated_at', when, nullable=True))
        batch_op.drop_column('provider_id')
        batch_op.create_index('ix_outbox_address_id', ['address_id'], unique=False)
    op.create_table('delivery',
    sa.Column('account', sa.String(length=64), nullable=False),
    sa.Column('provider_id', sa.String(length=128), nullable=False),
    sa.Column('message_id', sa.String(length=32), nullable=True),
    sa.Column('part', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('error', sa.String(length=200), nullable=True),
    sa.Column('updated_at', when, nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_delivery_message_id_message')),
    sa.PrimaryKeyConstraint('account', 'provider_id', name=op.f('pk_delivery'))
    )
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.create_index('ix_delivery_message_id', ['message_id'], unique=False)
    op.create_table('received',
    sa.Column('account', sa.String(length=64), nullable=False),
    sa.Column('provider_id', sa.String(length=128), nullable=False),
    sa.Column('message_id', sa.String(length=32), nullable=True),
    sa.Column('received_at', when, nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_received_message_id_message')),
    sa.PrimaryKeyConstraint('account', 'provider_id', name=op.f('pk_received'))
    )
    with op.batch_alter_table('received', schema=None) as batch_op:
        batch_op.create_index('ix_received_received_at', ['received_at'], unique=False)
    op.create_table('continuation',
    sa.Column('code_hmac', sa.String(length=64), nullable=False),
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('created_at', when, nullable=False),
    sa.Column('expires_at', when, nullable=False),
    sa.Column('used_at', when, nullable=True),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_continuation_conversation_id_conversation')),
    sa.PrimaryKeyConstraint('code_hmac', name=op.f('pk_continuation'))
    )
    with op.batch_alter_table('continuation', schema=None) as batch_op:
        batch_op.create_index('ix_continuation_conversation_id', ['conversation_id'], unique=False)


def downgrade() -> None:
    op.drop_table('continuation')
    op.drop_table('received')
    op.drop_table('delivery')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_address_id')
        batch_op.add_column(sa.Column('provider_id', sa.String(length=128), nullable=True))
        batch_op.drop_column('updated_at')
        batch_op.drop_column('parts_sent')
        batch_op.alter_column('account', new_column_name='channel', existing_type=sa.String(length=64))
    with op.batch_alter_table('address', schema=None) as batch_op:
        batch_op.drop_column('stop_reason')
        batch_op.drop_column('stopped_at')
