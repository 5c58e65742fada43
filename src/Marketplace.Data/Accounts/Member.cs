using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Marketplace.Data;

/// <summary>What a member may do in a loop. Stored as numbers: never renumber.</summary>
public enum Role : short
{
    Operator = 1,
    Consumer = 2,
    Producer = 3,
    Prosumer = 4,
    Storage = 5,
    Investor = 6,
    Technician = 7,
    Auditor = 8,
}

/// <summary>A party of one loop: a household, a firm, a plant owner.</summary>
public sealed class Member
{
    public int LoopId { get; set; }

    /// <summary>Counted within the loop, from 1.</summary>
    public int Id { get; set; }

    /// <summary>The name in files and records, without personal data.</summary>
    public required string Key { get; set; }

    public required string Name { get; set; }

    /// <summary>What kind of place it is: dwelling, office, school, …</summary>
    public required string Kind { get; set; }

    /// <summary>Further columns of an imported participant, as JSON.</summary>
    public string? Attributes { get; set; }

    public DateTimeOffset JoinedAt { get; set; }
}

public sealed class MemberRole
{
    public int LoopId { get; set; }

    public int MemberId { get; set; }

    public Role Role { get; set; }
}

/// <summary>A person who can sign in.</summary>
public sealed class Account : IdentityUser<Guid>
{
    public required string DisplayName { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>That a person acts for a member. The member's roles are what the person may do there.</summary>
public sealed class Membership
{
    public Guid AccountId { get; set; }

    public int LoopId { get; set; }

    public int MemberId { get; set; }
}

/// <summary>An operator's invitation to act for a member. Only the hash of its token is kept.</summary>
public sealed class Invitation
{
    public Guid Id { get; set; }

    public int LoopId { get; set; }

    public int MemberId { get; set; }

    public required string Email { get; set; }

    public required byte[] TokenHash { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? AcceptedAt { get; set; }

    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>One attempt to sign in, shown to the person it belongs to.</summary>
public sealed class SignIn
{
    public long Id { get; set; }

    public Guid AccountId { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>password, passkey, authenticator code, recovery code.</summary>
    public required string Method { get; set; }

    public bool Succeeded { get; set; }

    /// <summary>Browser and network as the person can recognise them, e.g. "Firefox on Linux, 192.0.2.x".</summary>
    public required string From { get; set; }
}

/// <summary>What an operator did, for the loop's audit.</summary>
public sealed class OperatorAction
{
    public long Id { get; set; }

    public int LoopId { get; set; }

    public Guid? AccountId { get; set; }

    public DateTimeOffset At { get; set; }

    public required string Action { get; set; }

    public required string Subject { get; set; }
}

internal sealed class MemberTable : IEntityTypeConfiguration<Member>
{
    public void Configure(EntityTypeBuilder<Member> builder)
    {
        builder.ToTable("Members").HasKey(member => new { member.LoopId, member.Id });
        builder.Property(member => member.Id).ValueGeneratedNever();
        builder.Property(member => member.Attributes).HasColumnType("jsonb");
        builder.HasIndex(member => new { member.LoopId, member.Key }).IsUnique();
        builder.HasOne<Loop>().WithMany().HasForeignKey(member => member.LoopId);
    }
}

internal sealed class MemberRoleTable : IEntityTypeConfiguration<MemberRole>
{
    public void Configure(EntityTypeBuilder<MemberRole> builder)
    {
        builder.ToTable("MemberRoles").HasKey(role => new { role.LoopId, role.MemberId, role.Role });
        builder.HasOne<Member>().WithMany().HasForeignKey(role => new { role.LoopId, role.MemberId });
    }
}

internal sealed class AccountTable : IEntityTypeConfiguration<Account>
{
    public void Configure(EntityTypeBuilder<Account> builder) => builder.ToTable("People");
}

/// <summary>Identity makes this table only if an option elsewhere asks for it; no option set elsewhere may change the model.</summary>
internal sealed class PasskeyTable : IEntityTypeConfiguration<IdentityUserPasskey<Guid>>
{
    public void Configure(EntityTypeBuilder<IdentityUserPasskey<Guid>> builder)
    {
        builder.ToTable("Passkeys").HasKey(passkey => passkey.CredentialId);
        // WebAuthn allows credential ids of up to 1023 bytes.
        builder.Property(passkey => passkey.CredentialId).HasMaxLength(1024);
        builder.ComplexProperty(passkey => passkey.Data, data => data.ToJson("data"));
        builder.HasIndex(passkey => passkey.UserId);
        builder.HasOne<Account>().WithMany().HasForeignKey(passkey => passkey.UserId);
    }
}

internal sealed class MembershipTable : IEntityTypeConfiguration<Membership>
{
    public void Configure(EntityTypeBuilder<Membership> builder)
    {
        builder.ToTable("Memberships").HasKey(membership => new { membership.AccountId, membership.LoopId, membership.MemberId });
        builder.HasOne<Account>().WithMany().HasForeignKey(membership => membership.AccountId);
        builder.HasOne<Member>().WithMany().HasForeignKey(membership => new { membership.LoopId, membership.MemberId });
    }
}

internal sealed class InvitationTable : IEntityTypeConfiguration<Invitation>
{
    public void Configure(EntityTypeBuilder<Invitation> builder)
    {
        builder.ToTable("Invitations");
        builder.HasIndex(invitation => invitation.TokenHash).IsUnique();
        builder.HasIndex(invitation => invitation.LoopId);
        builder.HasOne<Member>().WithMany().HasForeignKey(invitation => new { invitation.LoopId, invitation.MemberId });
    }
}

internal sealed class SignInTable : IEntityTypeConfiguration<SignIn>
{
    public void Configure(EntityTypeBuilder<SignIn> builder)
    {
        builder.ToTable("SignIns");
        builder.HasIndex(signIn => new { signIn.AccountId, signIn.At });
        builder.HasOne<Account>().WithMany().HasForeignKey(signIn => signIn.AccountId);
    }
}

internal sealed class OperatorActionTable : IEntityTypeConfiguration<OperatorAction>
{
    public void Configure(EntityTypeBuilder<OperatorAction> builder)
    {
        builder.ToTable("OperatorActions");
        builder.HasIndex(action => new { action.LoopId, action.At });
    }
}
