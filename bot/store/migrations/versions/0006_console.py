"""canned replies, and reports of wrong answers"""

import sqlalchemy as sa
from alembic import op

import bot.store.schema

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    when = bot.store.schema.UtcDateTime(timezone=True)
    op.create_table('canned_reply',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('department', sa.String(length=48), nullable=True),
    sa.Column('shortcut', sa.String(length=32), nullable=False),
    sa.Column('title', sa.String(length=100), nullable=False),
    sa.Column('texts', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', when, nullable=False),
    sa.Column('updated_at', when, nullable=False),
    sa.Column('updated_by', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['updated_by'], ['agent.id'], name=op.f('fk_canned_reply_updated_by_agent')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_canned_reply')),
    sa.UniqueConstraint('shortcut', name=op.f('uq_canned_reply_shortcut'))
    )
    op.create_table('answer_report',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('message_id', sa.String(length=32), nullable=False),
    sa.Column('article_id', sa.String(length=64), nullable=True),
    sa.Column('proposed_article_id', sa.String(length=64), nullable=True),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('question', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('agent_id', sa.String(length=32), nullable=False),
    sa.Column('created_at', when, nullable=False),
    sa.Column('decided_by', sa.String(length=32), nullable=True),
    sa.Column('decided_at', when, nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_answer_report_agent_id_agent')),
    sa.ForeignKeyConstraint(['decided_by'], ['agent.id'], name=op.f('fk_answer_report_decided_by_agent')),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_answer_report_message_id_message')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answer_report')),
    sa.UniqueConstraint('message_id', 'agent_id', name=op.f('uq_answer_report_message_id_agent_id'))
    )
    with op.batch_alter_table('answer_report', schema=None) as batch_op:
        batch_op.create_index('ix_answer_report_state_created_at', ['state', 'created_at'], unique=False)


def downgrade() -> None:
    op.drop_table('answer_report')
    op.drop_table('canned_reply')
